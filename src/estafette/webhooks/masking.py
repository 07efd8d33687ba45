"""Personal mail is told without whom it went to: a webhook is not its sender."""

from __future__ import annotations

import msgspec

from estafette.model.event import Event, Reply


def masked(event: Event) -> Event:
    """Return an event of personal mail without recipient, place, labels and the words of peers."""
    reply = event.reply and Reply(event.reply.code, event.reply.enhanced)
    return msgspec.structs.replace(
        event, recipient="", site="", campaign="", tags=(), metadata={}, steps=(), reply=reply
    )
