"""The sentences and thresholds of ``insight.toml``."""

from __future__ import annotations

from functools import cache

import msgspec

from estafette.base.shipped import table
from estafette.model.user import Language


class Rule(msgspec.Struct, frozen=True):
    """From when on a suggestion is made, and how much it counts."""

    least: float
    weight: float


class Text(msgspec.Struct, frozen=True):
    """What a suggestion says."""

    title: str
    why: str
    effect: str
    act: str


class Words(msgspec.Struct, frozen=True):
    """All of it. audit: acts -> what they are called."""

    changes: dict[Language, dict[str, str]]
    audit: dict[Language, dict[str, str]]
    rules: dict[str, Rule]
    suggestions: dict[Language, dict[str, Text]]


@cache
def words() -> Words:
    """Return the book of words."""
    return table("estafette.reporting", "insight.toml", Words)
