"""Replies of servers in words: grouped by what they mean, with one text of each group as a sample.

What they mean is said by ``smtp.classification``. The text is a stranger's: the sample that is shown has neither
addresses nor numbers in it, so that replies which differ in those alone are one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache

import msgspec

from estafette.base.shipped import table
from estafette.model.event import Event, Reply
from estafette.model.user import Language
from estafette.reporting.bounces import category_of
from estafette.smtp.classification import vocabulary

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
    """What a group of replies says. name: a category such as ``rate_limited``, or ``other``."""

    name: str
    en: str
    fr: str

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


class _Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    others: dict[str, _Words]


def grouped(events: Iterable[Event]) -> list[Said]:
    """Return what the replies of events said, the commonest first."""
    texts: dict[str, Counter[str]] = {}
    meanings: dict[str, Meaning] = {}
    for event in events:
        found = meaning_of(event)
        meanings[found.name] = found
        texts.setdefault(found.name, Counter())[general(event.reply.text if event.reply else event.reason)] += 1
    said = [
        Said(meaning=meanings[name], count=sum(counts.values()), sample=_commonest(counts))
        for name, counts in texts.items()
    ]
    return sorted(said, key=lambda each: (-each.count, each.meaning.name))


def meaning_of(event: Event) -> Meaning:
    """Return what the reply or reason of an event means."""
    return _meaning(category_of(event), event.reply is not None and event.reply.code >= 500)


def meaning(reply: Reply, reason: str = "") -> Meaning:
    """Return what a reply means."""
    return meaning_of(Event(0, 0.0, "deferred", "", "", 0, reply=reply, reason=reason))


@lru_cache(maxsize=_MEANINGS)
def general(text: str) -> str:
    """Return a text without what is particular to one recipient, message or moment; at most LONGEST characters."""
    short = _ENHANCED.sub("", text[: 4 * LONGEST])
    return _BLANKS.sub(" ", _PARTICULAR.sub("…", short)).strip()[:LONGEST]


@cache
def _meaning(category: str, refused: bool) -> Meaning:
    known = vocabulary().get(category) if category != "unknown" else None
    if known is not None:
        return Meaning(name=category, en=known.en, fr=known.fr)
    words = _book().others["5" if refused else "4"]
    return Meaning(name=f"{OTHER}_refusal" if refused else OTHER, en=words.en, fr=words.fr)


def _commonest(texts: Counter[str]) -> str:
    return min(texts.items(), key=lambda each: (-each[1], each[0]))[0]


@cache
def _book() -> _Book:
    return table("estafette.reporting", "replies.toml", _Book)
