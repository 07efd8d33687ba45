"""What delivery is given, and what it says of a domain."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from estafette.model.envelope import Body, Ret
from estafette.model.event import Reply
from estafette.model.message import Delivery
from estafette.model.outcome import Phase, Verdict


class Parcel(msgspec.Struct, kw_only=True):
    """One prepared content and the recipients of one site that it goes to.

    sender: prepared return path. size: octets of the prepared body. Either ``body`` or ``pieces`` (a maker of
    iterators over it, called once for each session). keep_idle: seconds a connection is kept afterwards.
    """

    deliveries: list[Delivery]
    site: str
    egress: str
    sender: str
    size: int
    body: bytes | None = None
    pieces: Callable[[], Iterator[bytes]] | None = None
    body_type: Body = "7BIT"
    smtputf8: bool = False
    eight_bit: bool = False
    ret: Ret = ""
    envid: str = ""
    messages_per_connection: int = 100
    keep_idle: float = 10.0


class End(msgspec.Struct, frozen=True):
    """An end that all recipients of a domain share before any connection is made."""

    verdict: Verdict
    reply: Reply
    reason: str
    phase: Phase = "dns"
    retry_after: float | None = None
    site_failure: bool = False


class Placement(msgspec.Struct, frozen=True):
    """Where a domain's mail goes.

    site: name of the site; the domain itself when the domain takes no mail, so that an attempt can tell each
    sender why. outcome_for_all: (verdict, reply, reason) when nobody could say now (``deferred``); ask again after
    ``retry_after`` seconds.
    """

    domain: str
    site: str
    kind: str
    outcome_for_all: tuple[Verdict, Reply, str] | None = None
    retry_after: float | None = None
