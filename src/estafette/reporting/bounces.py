"""Why mail bounced, as a class that counters keep: ``hard``, ``soft``, ``block`` or ``other``."""

from __future__ import annotations

from functools import cache
from typing import Literal

import msgspec

from estafette.base.shipped import table
from estafette.model.event import Event
from estafette.smtp.classification import classify, vocabulary

BounceClass = Literal["hard", "soft", "block", "other"]
#: What a reason of ours ends with when it says nothing but to what the server answered.
_REFUSED = "_refused"


class _Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """family: of categories -> class. reason: of ours -> category."""

    family: dict[str, BounceClass]
    reason: dict[str, str]


def bounce_class(event: Event) -> BounceClass:
    """Return the class of a ``bounced`` event."""
    return _class(category_of(event))


def category_of(event: Event) -> str:
    """Return the category of an event: the one it carries, else that of its reason or reply; "" when it has none.

    Events from before replies were classified carry none.
    """
    if event.category:
        return event.category
    known = _book().reason.get(event.reason)
    if known is not None or event.reply is None:
        return known or ""
    return classify(event.reply.code, event.reply.enhanced, event.reply.text, phase_of(event)).category


def phase_of(event: Event) -> str:
    """Return to what the server answered, "" when the event does not say."""
    return event.reason.removesuffix(_REFUSED) if event.reason.endswith(_REFUSED) else ""


@cache
def _class(category: str) -> BounceClass:
    known = vocabulary().get(category)
    return _book().family.get(known.bounce, "other") if known is not None else "other"


@cache
def _book() -> _Book:
    return table("estafette.reporting", "bounces.toml", _Book)
