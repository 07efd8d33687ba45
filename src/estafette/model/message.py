"""An accepted message: its content, kept once, and its deliveries, one for each recipient."""

from __future__ import annotations

import msgspec

from estafette.model.envelope import Body, Ret
from estafette.model.stream import Tracking

#: Kind of a message that came in by a route.
INBOUND = "inbound"


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """What the sender asked of one recipient (RFC 3461 section 4.1), for as long as anything is told of the message.

    notify: bits, 0 = not given. orcpt: "type;xtext" as received, or "".
    """

    number: int
    notify: int = 0
    orcpt: str = ""


class Content(msgspec.Struct, frozen=True, array_like=True):
    """What was accepted, stored once. Appending a field keeps old records readable (new fields need a default).

    body: the whole message with all submission fix-ups applied, CRLF lines; b"" when it rests in ``file``.
    file: name, inside the store's content folder, of a body larger than 256 KiB; "" when inline.
    sender: envelope sender as submitted ("" null). size: octets of the body wherever it rests.
    header_from: the domain of From, the one whose key signs. reports: who is told of failures ("" nobody, but
    the sender of what NOTIFY asked for).
    eight_bit: the body holds octets above 127. retention: seconds kept after the last delivery ended.
    late: the body is a packed ``Recipe``, from which each message is written before its attempt; size is then that of
    the message to the first recipient. opens, clicks: whether to track, None = as the mode says. template: the stored
    one it was written from, as ``NAME@VERSION``. tracking: what is measured, the strictest of tenant, stream and
    message, pinned at acceptance; a recipient's own may be stricter still (``Delivery.tracking``). track_text: links of
    text parts too. tracking_url: ``https://HOST`` under which this message's links and pixel lead to ``public``.
    link_tags: pairs that every tracked link gets in its query (``utm_source=..``), as ``&`` joins them.
    came_to: envelope recipients of a message that came back, or in by a route. topic: what of its stream it is about,
    "" for the stream. route: id of the route by which it came in (kind ``inbound``). handed: the company's own server
    has it, and ``body`` is its header alone.
    asked: of recipients with NOTIFY or ORCPT; their rows say it too, but end with delivery.
    """

    id: int
    tenant: str
    stream: str
    kind: str
    credential: str
    sender: str
    header_from: str
    size: int
    accepted: float
    body: bytes = b""
    file: str = ""
    body_type: Body = "7BIT"
    smtputf8: bool = False
    eight_bit: bool = False
    ret: Ret = ""
    envid: str = ""
    campaign: str = ""
    reports: str = ""
    show_id: bool = True
    retention: float = 0.0
    recipients: int = 1
    subject: str = ""
    source: str = ""
    tags: tuple[str, ...] = ()
    metadata: dict[str, str] = {}
    late: bool = False
    opens: bool | None = None
    clicks: bool | None = None
    template: str = ""
    tracking: Tracking = "off"
    track_text: bool = False
    tracking_url: str = ""
    link_tags: str = ""
    came_to: tuple[str, ...] = ()
    topic: str = ""
    route: str = ""
    handed: bool = False
    asked: tuple[Asked, ...] = ()

    def asked_of(self, number: int) -> Asked:
        """Return what was asked of a recipient, also when it was nothing."""
        return next((each for each in self.asked if each.number == number), Asked(number))

    @property
    def opens_measured(self) -> bool:
        """Whether opens are measured of any of its recipients."""
        return self.tracking != "off" and self.opens is not False

    @property
    def clicks_measured(self) -> bool:
        """Whether clicks are."""
        return self.tracking != "off" and self.clicks is not False


class Delivery(msgspec.Struct, frozen=True, array_like=True):
    """One recipient row. It exists while the recipient waits; the row's end is the recipient's end.

    number: 1-based place among the message's recipients. lane: the site's name once known, else the recipient domain.
    egress: egress group. priority: ``Priority``. due: unix seconds of the next attempt. expires: give-up time.
    notified: 1 once a delay notice was asked for. last: the last reply or reason, at most 512 characters.
    credential: whose login submitted it, "" for reports and letters of the service.
    tracking: what is measured of this recipient: ``off``, ``aggregate`` or ``individual`` (``consented`` is decided).
    """

    message: int
    number: int
    tenant: str
    stream: str
    priority: int
    lane: str
    domain: str
    address: str
    egress: str
    due: float
    born: float
    expires: float
    size: int
    from_domain: str
    campaign: str = ""
    attempts: int = 0
    notify: int = 0
    orcpt: str = ""
    notified: int = 0
    last: str = ""
    credential: str = ""
    tracking: Tracking = "off"

    @property
    def key(self) -> tuple[int, int]:
        """Identity of the row: (message, number)."""
        return (self.message, self.number)


class Submission(msgspec.Struct, frozen=True, array_like=True):
    """What ``Spool.accept`` makes durable in one piece: a content, its deliveries, its ``queued`` events.

    events: already encoded by ``model.event.pack``, one blob, so that the writer need not look inside.
    notices: keys of notice rows (message, number) that this submission settles (a DSN that tells them).
    key: of idempotency, for whoever hands it to the spool; the store does not look at it.
    """

    content: Content
    deliveries: tuple[Delivery, ...]
    events: tuple[bytes, ...] = ()
    notices: tuple[tuple[int, int], ...] = ()
    key: str = ""
