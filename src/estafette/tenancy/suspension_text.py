"""What a tenant reads of a suspension: rule, figures, messages, what is still allowed, and how to appeal."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec

from estafette.base import ids
from estafette.base.shipped import table
from estafette.model.suspension import Suspension
from estafette.model.user import Language
from estafette.tenancy.office import Resource, moment


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language of ``suspensions.toml``."""

    appeal: str
    what: dict[str, str]
    rules: dict[str, str]
    allowed: dict[str, str]
    figures: dict[str, str]


def shown(each: Suspension, language: Language) -> Resource:
    """Return the resource of a suspension, which says all that a tenant must know, in its language."""
    words = _words()[language]
    return {
        "id": each.id,
        "tenant": each.tenant,
        "what": what(each, language),
        "stream": each.stream,
        "credential": each.credential,
        "rule": each.rule,
        "why": words.rules.get(each.rule, each.rule),
        "numbers": dict(each.numbers),
        "messages": [ids.show(message) for message in each.messages],
        "allowed": words.allowed[_kind(each)],
        "appeal": words.appeal,
        "created": moment(each.created),
        "mail_kept_until": moment(each.until),
        "ended": moment(each.ended),
    }


def what(each: Suspension, language: Language, name: str = "") -> str:
    """Name what is stopped; ``name`` when the reader knows it by another than its id."""
    return _words()[language].what[_kind(each)].format(name=name or each.credential or each.stream)


def named(each: Suspension, language: Language) -> dict[str, str]:
    """Return the figures of a suspension by their names, each on one line."""
    names = _words()[language].figures
    return {names.get(name, name): " ".join(value.split()) for name, value in each.numbers.items()}


def figures(each: Suspension, language: Language) -> str:
    """Return the figures of a suspension, a line each."""
    return "\n".join(f"  {name}: {value}" for name, value in named(each, language).items())


def _kind(each: Suspension) -> str:
    if each.credential:
        return "credential"
    return "stream" if each.stream else "account"


@cache
def _words() -> Mapping[Language, _Words]:
    return table("estafette.tenancy", "suspensions.toml", dict[Language, _Words])
