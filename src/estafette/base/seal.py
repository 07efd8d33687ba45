"""The keyring: one secret file from which every purpose derives a key of its own.

Derivation is HKDF-SHA256 (RFC 5869) with the purpose as info, sealing AES-256-GCM (NIST SP 800-38D) or, where
equal must stay equal, AES-SIV (RFC 5297), tags HMAC-SHA256 (RFC 2104) cut short (section 5). Every value carries the
number of its key, so that a retired key still opens old ones.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from estafette.base.errors import Fault

_FORM = 1
_NONCE = 12
_SECRET = 32
_MOST_KEYS = 255


class SealBroken(Fault):
    """A sealed value was changed, belongs to another place, or its key is not in the ring."""


class KeyAge(msgspec.Struct, frozen=True):
    """One key of a ring, without its secret. created, retired: unix seconds; retired None = it seals."""

    id: int
    created: float
    retired: float | None


class _Key(msgspec.Struct, frozen=True):
    id: int
    secret: str
    created: float = 0.0
    retired: float | None = None


class _File(msgspec.Struct, frozen=True):
    version: int
    keys: tuple[_Key, ...]


class Keyring:
    """Secrets of one service. Made by ``create``, read by ``load``; the newest key seals, every key opens.

    Not a store of secrets: values rest where they belong, sealed; only the root secrets are in the file.
    """

    def __init__(self, path: Path, keys: Sequence[_Key]) -> None:
        self._path = path
        self._derived: dict[tuple[int, str], bytes] = {}
        self._ciphers: dict[tuple[int, str], AESSIV] = {}
        self._seen = 0
        self._hold(keys)

    @classmethod
    def create(cls, path: str | Path, *, now: float = 0.0) -> Keyring:
        """Make the file with one fresh key, or load it when it exists. now: unix seconds, for the record."""
        target = Path(path)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(target, _File(1, (_fresh(1, now),)), replace=False)
        return cls.load(target)

    @classmethod
    def load(cls, path: str | Path) -> Keyring:
        """Read the file; Fault when it is missing, damaged, or readable by others than its owner."""
        target = Path(path)
        try:
            mode = target.stat().st_mode
            blob = target.read_bytes()
        except OSError as error:
            raise Fault(
                f"the keyring cannot be read: {error.strerror}",
                place=str(target),
                fix="run `estafette init`, or set secrets.keyring_file to the file that init made",
            ) from error
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Fault(
                f"the keyring is open to others (mode {stat.S_IMODE(mode):04o})",
                place=str(target),
                fix=f"chmod 600 {target}",
            )
        ring = cls(target, _parse(blob, target))
        ring._seen = _written(target)
        return ring

    @property
    def current(self) -> int:
        """Return the number of the key that seals."""
        return self._current

    def ages(self) -> Sequence[KeyAge]:
        """Return the keys, oldest first."""
        return [KeyAge(key.id, key.created, key.retired) for key in self._keys]

    @staticmethod
    def key_of(sealed: bytes) -> int:
        """Return the number of the key that a value was sealed with, 0 when it was not sealed by a ring."""
        return sealed[1] if len(sealed) > 2 and sealed[0] == _FORM else 0

    def rotate(self, *, now: float = 0.0) -> Keyring:
        """Add a fresh key to the file and return the new ring; the keys before it open but seal no more."""
        number = self._current + 1
        if number > _MOST_KEYS:
            raise Fault(
                "the keyring is full",
                place=str(self._path),
                fix="start a new keyring and seal the keys again",
            )
        retired = tuple(
            key if key.retired is not None else msgspec.structs.replace(key, retired=now) for key in self._keys
        )
        _write(self._path, _File(1, (*retired, _fresh(number, now))), replace=True)
        return type(self).load(self._path)

    def seal(self, purpose: str, plaintext: bytes, context: bytes = b"") -> bytes:
        """Return ``plaintext`` encrypted and bound to its purpose and context (such as its table and row)."""
        nonce = secrets.token_bytes(_NONCE)
        head = bytes((_FORM, self._current))
        cipher = AESGCM(self._derive(self._current, purpose))
        return head + nonce + cipher.encrypt(nonce, plaintext, head + context)

    def open(self, purpose: str, sealed: bytes, context: bytes = b"") -> bytes:
        """Return what ``seal`` was given; SealBroken when anything differs."""
        head, nonce, rest = sealed[:2], sealed[2 : 2 + _NONCE], sealed[2 + _NONCE :]
        if len(head) != 2 or head[0] != _FORM or not self._knows(head[1]):
            raise SealBroken(
                "a sealed value names no key of this keyring",
                place=purpose,
                fix="restore the keyring file that belongs to this store",
            )
        try:
            return AESGCM(self._derive(head[1], purpose)).decrypt(nonce, rest, head + context)
        except (InvalidTag, ValueError):
            raise SealBroken(
                "a sealed value does not open", place=purpose, fix="restore the value from a backup"
            ) from None

    def seal_alike(self, purpose: str, plaintext: bytes) -> bytes:
        """Return ``plaintext`` encrypted so that equal ones give equal results: number of the key, then AES-SIV.

        For what a retry must write again to the letter (RFC 5297, deterministic authenticated encryption). 17 octets
        longer than the plaintext.
        """
        return self.sealer_alike(purpose)(plaintext)

    def sealer_alike(self, purpose: str) -> Callable[[bytes], bytes]:
        """Return ``seal_alike`` of a purpose for many values at once, sooner than one by one."""
        head, encrypt = bytes((self._current,)), self._alike(self._current, purpose).encrypt
        return lambda plaintext: head + encrypt(plaintext, None)

    def open_alike(self, purpose: str, sealed: bytes) -> bytes:
        """Return what ``seal_alike`` was given; SealBroken when anything differs."""
        if len(sealed) < 17 or not self._knows(sealed[0]):
            raise SealBroken("a sealed value names no key of this keyring", place=purpose)
        try:
            return self._alike(sealed[0], purpose).decrypt(sealed[1:], None)
        except (InvalidTag, ValueError):
            raise SealBroken("a sealed value does not open", place=purpose) from None

    def _alike(self, number: int, purpose: str) -> AESSIV:
        cipher = self._ciphers.get((number, purpose))
        if cipher is None:
            cipher = self._ciphers[number, purpose] = AESSIV(self._derive(number, purpose))
        return cipher

    def mac(self, purpose: str, data: bytes, length: int = 16) -> bytes:
        """Return a tag of ``length`` octets over ``data``: the number of the key, then the cut HMAC."""
        number = self._current
        return bytes((number,)) + self._tag(number, purpose, data, length - 1)

    def mark(self, purpose: str, data: bytes, length: int = 12) -> bytes:
        """Return ``length`` octets that stand for ``data`` for good: made with the oldest key, whatever seals today.

        For what is kept and compared for years without the data itself, such as the address of somebody who said no.
        """
        return self._tag(min(self._roots), purpose, data, length)

    def verify(self, purpose: str, data: bytes, tag: bytes) -> bool:
        """True when ``mac`` made this tag over this data, with any key of the ring; in constant time."""
        if len(tag) < 8 or not self._knows(tag[0]):
            return False
        return hmac.compare_digest(self._tag(tag[0], purpose, data, len(tag) - 1), tag[1:])

    def _hold(self, keys: Sequence[_Key]) -> None:
        self._keys = tuple(keys)
        self._roots = {key.id: _root(key, self._path) for key in keys}
        self._current = max(self._roots)

    def _knows(self, number: int) -> bool:
        """Look into the file again for a key that another process has added since."""
        if number in self._roots:
            return True
        written = _written(self._path)
        if written != self._seen:
            self._seen = written
            try:
                self._hold(_parse(self._path.read_bytes(), self._path))
            except (OSError, Fault):
                return False
        return number in self._roots

    def _tag(self, number: int, purpose: str, data: bytes, length: int) -> bytes:
        return hmac.digest(self._derive(number, purpose), data, "sha256")[:length]

    def _derive(self, number: int, purpose: str) -> bytes:
        key = self._derived.get((number, purpose))
        if key is None:
            info = b"estafette/" + purpose.encode()
            key = HKDF(SHA256(), _SECRET, None, info).derive(self._roots[number])
            self._derived[number, purpose] = key
        return key


def _fresh(number: int, now: float) -> _Key:
    return _Key(number, base64.b64encode(secrets.token_bytes(_SECRET)).decode(), now)


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _damaged(path: Path) -> Fault:
    return Fault("the keyring is damaged", place=str(path), fix="restore the file from its backup")


def _root(key: _Key, path: Path) -> bytes:
    try:
        root = base64.b64decode(key.secret, validate=True)
    except binascii.Error:
        raise _damaged(path) from None
    if len(root) != _SECRET or not 1 <= key.id <= _MOST_KEYS:
        raise _damaged(path)
    return root


def _parse(blob: bytes, path: Path) -> Sequence[_Key]:
    try:
        file = msgspec.json.decode(blob, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _damaged(path) from None
    if file.version != 1 or not file.keys:
        raise _damaged(path)
    return file.keys


def _write(path: Path, file: _File, *, replace: bool) -> None:
    """Write whole or not at all: a synced temporary file takes the name; else the first one wins."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(file)) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            temporary.replace(path)
        else:
            _link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _link(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
