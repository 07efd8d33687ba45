"""Why mail bounced, as a class that counters keep: ``hard``, ``soft``, ``block`` or ``other``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from estafette.model.event import Event

BounceClass = Literal["hard", "soft", "block", "other"]


class _Book(msgspec.Struct, frozen=True):
    """enhanced: beginnings of enhanced status codes; one without a dot at its end is a whole code."""

    enhanced: dict[str, BounceClass]
    reason: dict[str, BounceClass]


def bounce_class(event: Event) -> BounceClass:
    """Return the class of a ``bounced`` event: by the code of its reply, else by its reason."""
    return _class(event.reply.enhanced if event.reply is not None else "", event.reason)


@cache
def _book() -> _Book:
    text = resources.files(__package__).joinpath("bounces.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Book)


def _class(enhanced: str, reason: str) -> BounceClass:
    book = _book()
    family = ".".join(enhanced.split(".")[:2]) + "."
    return book.enhanced.get(enhanced) or book.enhanced.get(family) or book.reason.get(reason, "other")
