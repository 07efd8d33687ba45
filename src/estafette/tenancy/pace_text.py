"""What a tenant reads of a pace: rule, figures, speed, until when, and the way back."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

import msgspec

from estafette.model.pace import Pace
from estafette.model.user import Language
from estafette.tenancy.office import Resource, moment


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language of ``paces.toml``."""

    what: str
    at: str
    open_end: str
    unknown: str
    rules: dict[str, str]
    ways: dict[str, str]
    figures: dict[str, str]


def shown(each: Pace, language: Language) -> Resource:
    """Return the resource of a pace, which says all that a tenant must know, in its language."""
    return {
        "id": each.id,
        "tenant": each.tenant,
        "what": what(each, language),
        "stream": each.stream,
        "site": each.site,
        "rule": each.rule,
        "why": why(each, language),
        "per_hour": round(each.rate),
        "usual_per_hour": round(each.usual) or None,
        "numbers": dict(each.numbers),
        "way_back": way_back(each, language),
        "created": moment(each.created),
        "until": moment(each.until),
        "ended": moment(each.ended),
        "ended_by": each.ended_by,
    }


def what(each: Pace, language: Language) -> str:
    """Name what is slowed."""
    words = _words()[language]
    return words.what.format(stream=each.stream) + (words.at.format(site=each.site) if each.site else "")


def why(each: Pace, language: Language) -> str:
    """Say which rule slowed it."""
    return _words()[language].rules.get(each.rule, each.rule)


def way_back(each: Pace, language: Language) -> str:
    """Say how it goes at full speed again."""
    ways = _words()[language].ways
    return ways.get(each.rule, ways["operator"]).format(id=each.id)


def named(each: Pace, language: Language) -> dict[str, str]:
    """Return the figures of a pace by their names, each on one line."""
    names = _words()[language].figures
    return {names.get(name, name): " ".join(value.split()) for name, value in each.numbers.items()}


def words_of(each: Pace, tenant: str, language: Language) -> dict[str, object]:
    """Return the words of the letter about a pace."""
    words = _words()[language]
    figures = "\n".join(f"  {name}: {value}" for name, value in named(each, language).items())
    return {
        "tenant": tenant, "what": what(each, language), "rule": each.rule, "why": why(each, language),
        "figures": figures, "rate": round(each.rate), "usual": round(each.usual) or words.unknown,
        "until": moment(each.until) or words.open_end, "way_back": way_back(each, language), "id": each.id,
    }  # fmt: skip


@cache
def _words() -> Mapping[Language, _Words]:
    text = resources.files(__package__).joinpath("paces.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[Language, _Words])
