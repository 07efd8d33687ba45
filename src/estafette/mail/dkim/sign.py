"""DKIM signatures: rsa-sha256 (RFC 6376) and ed25519-sha256 (RFC 8463), relaxed/relaxed, without ``l=``."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

from estafette.mail.dkim.canonical import relaxed_field
from estafette.mail.headers import Head
from estafette.model.domain import SigningKey

LIFETIME = 7 * 86400
_PADDING = PKCS1v15()
_SHA256 = SHA256()

#: Listed once more than present, so that nobody can add another one (RFC 6376 section 8.15).
OVERSIGNED = (b"From", b"To", b"Cc", b"Subject", b"Date", b"Message-ID")
#: Listed as often as present.
SIGNED = (
    b"MIME-Version", b"Content-Type", b"Content-Transfer-Encoding", b"Reply-To", b"In-Reply-To",
    b"References", b"List-Unsubscribe", b"List-Unsubscribe-Post",
    b"List-Id", b"Feedback-ID", b"CFBL-Address", b"CFBL-Feedback-ID", b"X-Estafette-Id",
)  # fmt: skip
_LOWER = {name.lower(): name for name in OVERSIGNED + SIGNED}
_PER_LINE = 6
_CHARACTERS_PER_LINE = 72
_CACHED_KEYS = 4096


class Signer:
    """A loaded private key and what its signatures begin with."""

    def __init__(self, key: SigningKey) -> None:
        self._private = _load(key.private)
        self._tags = (f"v=1; a={key.kind}-sha256; c=relaxed/relaxed; d={key.domain}; s={key.selector};").encode()

    def header(self, names: bytes, hashed: bytes, now: int) -> bytes:
        """Return the value of the field up to ``b=``, folded.

        names: the value of ``h=``; hashed: the body's hash.
        """
        times = b"t=%d; x=%d;" % (now, now + LIFETIME)
        return b"\r\n\t".join(
            (self._tags, times, b"h=" + names + b";", b"bh=" + base64.b64encode(hashed) + b";", b"b=")
        )

    def seal(self, data: bytes) -> bytes:
        """Return the signature over some octets; RSA releases the interpreter's lock."""
        if isinstance(self._private, RSAPrivateKey):
            return self._private.sign(data, _PADDING, _SHA256)
        return self._private.sign(hashlib.sha256(data).digest())


class Covered:
    """The fields that signatures of one message cover; prepared once, however many keys sign."""

    def __init__(self, names: bytes, canonical: bytes) -> None:
        self.names = names
        self.canonical = canonical

    @classmethod
    def of(cls, fields: Sequence[tuple[bytes, bytes]]) -> Covered:
        """Choose among all fields of a message, as (lower-case name, raw value) in their order."""
        found: dict[bytes, list[bytes]] = {}
        for name, value in reversed(fields):
            if name in _LOWER:
                found.setdefault(name, []).append(value)
        lines = [relaxed_field(name, value) for name in _LOWER if name in found for value in found[name]]
        counts = tuple([len(found[name]) if name in found else 0 for name in _LOWER])
        return cls(_names(counts), b"\r\n".join(lines) + b"\r\n")


@lru_cache(maxsize=1024)
def _names(counts: tuple[int, ...]) -> bytes:
    """Return the value of ``h=`` for so many fields of each name; most messages look alike in this."""
    names: list[bytes] = []
    for shown, count in zip(_LOWER.values(), counts, strict=True):
        names += [shown] * (count + (shown in OVERSIGNED))
    rows = [b":".join(names[at : at + _PER_LINE]) for at in range(0, len(names), _PER_LINE)]
    return b":\r\n\t".join(rows)


def fields_of(head: Head) -> list[tuple[bytes, bytes]]:
    """Return the fields of a header section as (lower-case name, raw value)."""
    section = head.section
    return [(name, section[value : stop - 2]) for name, _, value, stop in head.fields]


def sign(covered: Covered, hashed: bytes, signer: Signer, *, now: int) -> bytes:
    """Return a DKIM-Signature field with its CRLF.

    hashed: ``canonical.body_hash`` of the body; now: unix seconds.
    """
    value = signer.header(covered.names, hashed, now)
    unfolded = value.replace(b"\r\n\t", b" ")
    seal = base64.b64encode(signer.seal(covered.canonical + b"dkim-signature:" + unfolded))
    lines = [seal[at : at + _CHARACTERS_PER_LINE] for at in range(0, len(seal), _CHARACTERS_PER_LINE)]
    return b"DKIM-Signature: " + value + b"\r\n\t".join(lines) + b"\r\n"


@lru_cache(maxsize=_CACHED_KEYS)
def signer_for(key: SigningKey) -> Signer:
    """Return the loaded form of a key; loading costs more than a signature, so it is done once."""
    return Signer(key)


def _load(private: bytes) -> RSAPrivateKey | Ed25519PrivateKey:
    """Open a PKCS#8 DER key. The keys are our own, so RSA's slow consistency check is left out."""
    key = load_der_private_key(private, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise TypeError("a DKIM key is RSA or Ed25519")
    return key
