"""Acts: what recipients did, as it rests on this machine's disk until the store has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from estafette.model.tracking import RawHit
from estafette.tracking.token import Target


class Group(msgspec.Struct, frozen=True, array_like=True):
    """What an aggregate hit counts for; names no message and no recipient.

    tags: the first one at most, and only where there is neither campaign nor template.
    """

    kind: Literal["opened", "clicked"]
    tenant: str
    stream: str
    campaign: str = ""
    template: str = ""
    tags: tuple[str, ...] = ()
    link: int = 0
    url: str = ""

    @classmethod
    def of(cls, target: Target, url: str) -> Group | None:
        """Return the group of a link or pixel, None when its message belongs to none. url: label of the link."""
        campaign = target.campaign
        template = "" if campaign else target.template
        tags = () if campaign or template else target.tags[:1]
        if not (campaign or template or tags):
            return None
        kind: Literal["opened", "clicked"] = "opened" if target.kind == "open" else "clicked"
        return cls(kind, target.tenant, target.stream, campaign, template, tags, target.link, url)


class Measured(msgspec.Struct, frozen=True, array_like=True, tag="hit"):
    """A hit of individual measuring."""

    hit: RawHit


class Counted(msgspec.Struct, frozen=True, array_like=True, tag="counted"):
    """Aggregate hits of one minute (unix seconds / 60) that are still to be classified."""

    group: Group
    minute: int
    count: int


class Fact(msgspec.Struct, frozen=True, array_like=True, tag="event"):
    """A packed event."""

    event: bytes


class Unsubscription(msgspec.Struct, frozen=True, array_like=True, tag="unsubscribe"):
    """Somebody wants no more of this. id: becomes the event's. person: ``tracking.token.person_of``.

    means: ``one_click`` (RFC 8058), ``click`` (a page of ours; ``page`` in records of earlier releases) or ``mailto``.
    topic: "" = the stream. number: 0 = it is found by the person.
    """

    id: int
    at: float
    tenant: str
    stream: str
    message: int
    number: int
    person: bytes
    topic: str = ""
    means: Literal["one_click", "page", "click", "mailto"] = "page"


class Choice(msgspec.Struct, frozen=True, array_like=True, tag="choose"):
    """Somebody chose among the topics of a stream. offered: those that were shown; wanted: those of them to be had.

    ids: of the events that may follow: one for the stream, then one for each that was offered.
    """

    ids: tuple[int, ...]
    at: float
    tenant: str
    stream: str
    message: int
    number: int
    person: bytes
    offered: tuple[str, ...]
    wanted: tuple[str, ...]


class Withdrawal(msgspec.Struct, frozen=True, array_like=True, tag="withdraw"):
    """Somebody is to be measured no more, in mail already sent too. person: ``tracking.token.person_of``."""

    at: float
    tenant: str
    person: bytes


Act = Measured | Counted | Fact | Unsubscription | Withdrawal | Choice

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Act).decode


def packed(act: Act) -> bytes:
    """Return the record of an act."""
    return _encode(act)


def unpacked(records: Iterable[bytes]) -> Sequence[Act]:
    """Return the acts of records; msgspec.DecodeError when one is of a newer release."""
    return [_decode(record) for record in records]
