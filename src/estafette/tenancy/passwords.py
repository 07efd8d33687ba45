"""Passwords of people: argon2id (RFC 9106), and what is refused as one (NIST SP 800-63B, 5.1.1.2)."""

from __future__ import annotations

import re
import secrets
from functools import cache
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from estafette.base.errors import Fault

SHORTEST = 10
LONGEST = 512
_HASHER = PasswordHasher()
_WRITTEN_AS = str.maketrans("@4301$5!7", "aaeoissit")
_TAIL = re.compile(r"[\d\W_]+$")


class WeakPassword(Fault):
    """What was chosen as a password is too easy to guess."""

    code = "weak_password"


def hashed(password: str, *about: str) -> str:
    """Return how a new password is stored; WeakPassword. about: what guessers try first, such as the address."""
    check(password, *about)
    return _HASHER.hash(password)


def fits(password: str, stored: str) -> bool:
    """Return whether a password is the stored one; costs the same when nothing is stored."""
    try:
        return _HASHER.verify(stored or _nobody(), password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False


def check(password: str, *about: str) -> None:
    """WeakPassword when a password is too short, too long, common, repeated, or made of ``about``."""
    if len(password) < SHORTEST:
        raise _weak(f"a password has at least {SHORTEST} characters", "take a sentence, or let a program choose")
    if len(password) > LONGEST:
        raise _weak(f"a password has at most {LONGEST} characters", "shorten it")
    plain = _core(password)
    if len(set(password)) < 5 or plain in _common() or password.lower() in _common():
        raise _weak("this password is among the first that are guessed", "take a sentence, or let a program choose")
    names = {part for text in about for part in (text.partition("@")[0], *re.split(r"\W+", text)) if len(part) > 3}
    if plain in {_core(name) for name in names}:
        raise _weak("the password is made of the name or the address", "take something else")


def _core(password: str) -> str:
    """Return a password without what people hang on a word: capitals, digits and signs behind, 0 for o, twice."""
    word = _TAIL.sub("", password.lower()).translate(_WRITTEN_AS)
    half = len(word) // 2
    return word[:half] if half > 3 and word[:half] == word[half:] else word


def _weak(cause: str, fix: str) -> WeakPassword:
    return WeakPassword(cause, place="password", fix=fix)


@cache
def _common() -> frozenset[str]:
    text = resources.files(__package__).joinpath("common-passwords.txt").read_text("utf-8")
    return frozenset(text.split()) | {_core(line) for line in text.split()} | {""}


@cache
def _nobody() -> str:
    return _HASHER.hash(secrets.token_hex(16))
