"""An event: one fact of the log. The vocabulary follows django-anymail's tracking events."""

from __future__ import annotations

from typing import Literal

import msgspec

from estafette.model.tracking import Hit

EventKind = Literal[
    "queued", "sent", "deferred", "delivered", "bounced", "rejected", "failed", "complained", "unsubscribed",
    "subscribed", "opened", "clicked", "autoresponded", "unknown", "duplicate_delivery",
    "inbound", "replied",
]  # fmt: skip
EVENT_KINDS: frozenset[str] = frozenset(EventKind.__args__)  # type: ignore[attr-defined]


class Reply(msgspec.Struct, frozen=True, array_like=True):
    """What the peer said; hostile text, capped at 512 characters and free of control characters."""

    code: int
    enhanced: str = ""
    text: str = ""


class Step(msgspec.Struct, frozen=True, array_like=True):
    """One SMTP step of an attempt: verb, milliseconds since the attempt began, the reply in short."""

    verb: str
    at_ms: int
    reply: str = ""


class Event(msgspec.Struct, frozen=True, array_like=True):
    """One fact. ``number`` is the recipient's place in the message; the JSON form shows ``ID.N``.

    id: 63-bit id of the event. at: unix seconds. site: where it went. source: our address, or what observed it.
    reason: machine name such as ``expired``, ``cancelled``, ``no_such_domain``, ``late``.
    charged: unix seconds of the window whose units it takes, when that is a later one than ``at``'s; else 0.
    tags, metadata: what the sender labelled the message with. template: the stored one it was written from, as
    ``NAME@VERSION``. hit: what caused an ``opened`` or ``clicked``.
    count: how many facts of this kind it stands for; above 1 only where nobody in particular is meant.
    from_domain: the domain of From. private: of a personal stream, whose mail is its sender's alone. topic: what of its
    stream the message is about, "" for the stream. category, scope: what its reply means and whom that concerns, in the
    words of ``smtp.classification``; rule: which rule said so, as ``NAME@VERSION``. route: id of the route by which
    mail came in: ``inbound`` is of that message, ``replied`` of the message of ours that it answers. The source of the
    latter is the id of the answer, and the text of its reply what names that: its Message-ID.
    What is counted goes by an event's own labels: whoever writes one says them all.
    """

    id: int
    at: float
    kind: str
    tenant: str
    stream: str
    message: int
    number: int = 0
    recipient: str = ""
    campaign: str = ""
    attempt: int = 0
    reply: Reply | None = None
    site: str = ""
    source: str = ""
    reason: str = ""
    credential: str = ""
    size: int = 0
    steps: tuple[Step, ...] = ()
    charged: int = 0
    tags: tuple[str, ...] = ()
    metadata: dict[str, str] = {}
    template: str = ""
    hit: Hit | None = None
    count: int = 1
    from_domain: str = ""
    private: bool = False
    topic: str = ""
    category: str = ""
    scope: str = ""
    rule: str = ""
    route: str = ""


#: Reason of a ``bounced`` that came after the recipient had ended as delivered or sent: its end is counted already.
LATE = "late"
#: Reason of a ``complained`` that nobody made: it tells whoever listens, and suppresses nobody.
SIMULATED = "simulated"

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Event)


def pack(event: Event) -> bytes:
    """Return the stored form of an event."""
    return _encoder.encode(event)


def unpack(blob: bytes) -> Event:
    """Return the event that ``pack`` stored; msgspec.DecodeError when damaged."""
    return _decoder.decode(blob)
