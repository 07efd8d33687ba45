"""What a returned message turned out to be, in our words; every text in it is the sender's and hostile."""

from __future__ import annotations

from typing import Literal

import msgspec

Action = Literal["failed", "delayed", "relayed", "delivered", "expanded"]
ACTIONS: frozenset[str] = frozenset(Action.__args__)  # type: ignore[attr-defined]
#: report: of delivery. auto_reply: vacation and the like (RFC 3834). challenge: asks the sender to prove something.
#: address_change: says that the recipient has another address. disposition: a receipt (RFC 8098). feedback: RFC 5965.
Kind = Literal["report", "auto_reply", "challenge", "address_change", "disposition", "feedback", "unknown"]


class Said(msgspec.Struct, frozen=True):
    """What a report says of one recipient.

    final, original: addresses without their type, "" when not told. status: RFC 3463 code, "" when not told. code: of
    the SMTP reply that it repeats, 0 when it repeats none. text: that reply, or the words of the report, one line of at
    most 512 characters. remote: the host that is said to have answered.
    """

    action: Action
    final: str = ""
    original: str = ""
    status: str = ""
    code: int = 0
    text: str = ""
    remote: str = ""


class Quoted(msgspec.Struct, frozen=True):
    """What the report repeats of the message it is about. number: of X-Estafette-Id. paths: its Return-Path fields."""

    number: str = ""
    paths: tuple[str, ...] = ()


class Finding(msgspec.Struct, frozen=True):
    """The answer.

    form: how it was told, such as ``rfc3464``, ``qmail``, ``flufl``; "" when nothing was recognised.
    writer: the address in From of an automatic answer, "" when it has none.
    """

    kind: Kind
    form: str = ""
    said: tuple[Said, ...] = ()
    quoted: Quoted = Quoted()
    writer: str = ""
