"""Replies of servers in words: grouped by what they mean, with one text of each group as a sample.

The text is a stranger's. It is never interpreted beyond the phrases of ``replies.toml``, and the sample that is shown
has neither addresses nor numbers in it, so that replies which differ in those alone are one.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib import resources

import msgspec

from estafette.model.event import Event, Reply
from estafette.model.user import Language

#: Characters of a sample.
LONGEST = 160
OTHER = "other"
_MEANINGS = 10_000
#: What differs from one recipient, message or moment to the next. Each alternative is linear in the text.
_PARTICULAR = re.compile(
    r"https?://\S+"
    r"|<[^<>\s]{1,320}>|[^\s<>@]{1,64}@[^\s<>@]{1,255}"
    r"|\[[0-9A-Fa-f:.]{2,64}\]|\b\d{1,3}(?:\.\d{1,3}){3}\b"
    r"|\b(?=\w*\d)[\w-]{8,}\b(?:\.[\w-]+)*"
    r"|\b\d+\b"
)
_BLANKS = re.compile(r"\s+")
_ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")


class Meaning(msgspec.Struct, frozen=True):
    """What a group of replies says. name: such as ``rate_limited``. enhanced: families end with a dot."""

    name: str
    en: str
    fr: str
    phrases: tuple[str, ...] = ()
    enhanced: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    def words(self, language: Language) -> str:
        """Return it as a sentence."""
        return self.fr if language == "fr" else self.en


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A group of replies. count: how many. sample: the commonest text, made general."""

    meaning: Meaning
    count: int
    sample: str


class _Words(msgspec.Struct, frozen=True):
    en: str
    fr: str


class _Book(msgspec.Struct, frozen=True):
    line: tuple[Meaning, ...]
    others: dict[str, _Words]


def grouped(events: Iterable[Event]) -> list[Said]:
    """Return what the replies of events said, the commonest first."""
    texts: dict[str, Counter[str]] = {}
    meanings: dict[str, Meaning] = {}
    for event in events:
        found = meaning(event.reply or Reply(0), event.reason)
        meanings[found.name] = found
        texts.setdefault(found.name, Counter())[general(event.reply.text if event.reply else event.reason)] += 1
    said = [
        Said(meaning=meanings[name], count=sum(counts.values()), sample=_commonest(counts))
        for name, counts in texts.items()
    ]
    return sorted(said, key=lambda each: (-each.count, each.meaning.name))


def meaning(reply: Reply, reason: str = "") -> Meaning:
    """Return what a reply means."""
    return _meaning(general(reply.text).lower(), reply.enhanced, reason, reply.code // 100)


@lru_cache(maxsize=_MEANINGS)
def general(text: str) -> str:
    """Return a text without what is particular to one recipient, message or moment; at most LONGEST characters."""
    short = _ENHANCED.sub("", text[: 4 * LONGEST])
    return _BLANKS.sub(" ", _PARTICULAR.sub("…", short)).strip()[:LONGEST]


@lru_cache(maxsize=_MEANINGS)
def _meaning(text: str, enhanced: str, reason: str, digit: int) -> Meaning:
    family = ".".join(enhanced.split(".")[:2]) + "."
    codes = _by_code()
    spoken = next((line for line in _book().line if any(phrase in text for phrase in line.phrases)), None)
    known = spoken or codes.get(enhanced) or codes.get(f"reason {reason}") or codes.get(family)
    if known is not None:
        return known
    words = _book().others["5" if digit == 5 else "4"]
    return Meaning(name=OTHER if digit != 5 else f"{OTHER}_refusal", en=words.en, fr=words.fr)


@cache
def _by_code() -> Mapping[str, Meaning]:
    """Return meanings by code, and by ``reason NAME``."""
    book = _book()
    codes = {code: line for line in book.line for code in line.enhanced}
    return codes | {f"reason {name}": line for line in book.line for name in line.reasons}


def _commonest(texts: Counter[str]) -> str:
    return min(texts.items(), key=lambda each: (-each[1], each[0]))[0]


@cache
def _book() -> _Book:
    text = resources.files(__package__).joinpath("replies.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Book)
