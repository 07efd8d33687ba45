"""A stream: a tenant's class of mail, with its priority and its habits."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

import msgspec

from estafette.model.window import SendingWindow

StreamKind = Literal["personal", "transactional", "bulk"]
#: What is measured of a stream's mail: nothing, counts without recipients, recipients who agreed, every recipient.
Tracking = Literal["off", "aggregate", "consented", "individual"]
SuppressionScope = Literal["stream", "tenant"]


class Priority(IntEnum):
    """Order of service; lower goes first, none starves."""

    PERSONAL = 0
    TRANSACTIONAL = 1
    BULK = 2


PRIORITY_OF: dict[str, Priority] = {
    "personal": Priority.PERSONAL,
    "transactional": Priority.TRANSACTIONAL,
    "bulk": Priority.BULK,
}
#: Streams that every tenant has; they are never removed.
READY_MADE: tuple[StreamKind, ...] = ("personal", "transactional", "bulk")


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of a tenant. kind: its priority, and whether it is private.

    egress: name of the egress group its mail leaves by. report_to: address that gets failure notices, empty for none.
    retention: seconds that content is kept after the last delivery ended; None = the setting of its kind.
    reply_to: address that a message without a Reply-To of its own gets as one; empty: the message stays as it is.
    window_days, window_from, window_to, window_zone: see ``SendingWindow``; no days = always open.
    suppression: whom an entry stops that mail of this stream causes: this stream, or the whole tenant.
    version: grows with every change.
    """

    tenant: str
    name: str
    kind: StreamKind
    egress: str = "default"
    report_to: str = ""
    retention: float | None = None
    suspended: str = ""
    tracking: Tracking = "off"
    reply_to: str = ""
    window_days: tuple[str, ...] = ()
    window_from: str = ""
    window_to: str = ""
    window_zone: str = ""
    suppression: SuppressionScope = "stream"
    version: int = 0

    @property
    def window(self) -> SendingWindow | None:
        """The hours in which its mail leaves, None = all."""
        if not self.window_days:
            return None
        return SendingWindow(self.window_days, self.window_from, self.window_to, self.window_zone)


def ready_made(tenant: str) -> list[Stream]:
    """Return the streams of a new tenant (id): people's mail is never measured, newsletters only as a whole."""
    return [
        Stream(tenant=tenant, name=kind, kind=kind, tracking="aggregate" if kind == "bulk" else "off")
        for kind in READY_MADE
    ]
