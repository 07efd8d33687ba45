"""Answers that a program gave, not a person: vacation (RFC 3834), challenges, changes of address (``signs.toml``)."""

from __future__ import annotations

from functools import cache

import msgspec

from estafette.base.shipped import table
from estafette.mail.returns.finding import Kind
from estafette.mail.returns.opened import Opened

#: Characters of the words that are looked at.
LOOKED = 8_192


class Signs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lower-case phrases, blanks folded. fields: names whose presence tells an answering program."""

    fields: tuple[str, ...]
    precedence: tuple[str, ...]
    subjects: tuple[str, ...]
    starts: tuple[str, ...]
    words: tuple[str, ...]
    challenge_fields: tuple[str, ...]
    challenge_subjects: tuple[str, ...]
    challenge_words: tuple[str, ...]
    moved_subjects: tuple[str, ...]
    moved_words: tuple[str, ...]


@cache
def signs() -> Signs:
    """Return the table."""
    return table("estafette.mail.returns", "signs.toml", Signs)


def kind_of(message: Opened) -> Kind:
    """Return ``challenge``, ``address_change``, ``auto_reply``, or ``unknown`` when a person may have written it."""
    table = signs()
    subject = _folded(message.field(b"subject"))
    words = _folded(message.words()[:LOOKED])
    if (
        _any(message, table.challenge_fields)
        or _in(subject, table.challenge_subjects)
        or _in(words, table.challenge_words)
    ):
        return "challenge"
    automatic = _automatic(message, table, subject)
    if _in(subject, table.moved_subjects) or _in(words, table.moved_words):
        return "address_change"
    return "auto_reply" if automatic or _in(words, table.words) else "unknown"


def _automatic(message: Opened, table: Signs, subject: str) -> bool:
    # RFC 3834 section 5: whatever is not "no" was made by a program.
    submitted = message.field(b"auto-submitted").partition(";")[0].strip().lower()
    if submitted not in {"", "no"}:
        return True
    if message.field(b"precedence").lower() in table.precedence or _any(message, table.fields):
        return True
    return subject.startswith(table.starts) or _in(subject, table.subjects)


def _any(message: Opened, names: tuple[str, ...]) -> bool:
    return any(message.has(name.encode()) for name in names)


def _in(text: str, phrases: tuple[str, ...]) -> bool:
    return any(phrase in text for phrase in phrases)


def _folded(text: str) -> str:
    return " ".join(text.lower().split())
