"""What became of a letter that was handed in: placed in the queue, or not, and why."""

from __future__ import annotations

from typing import Literal

import msgspec

Status = Literal["queued", "scheduled", "sandboxed", "refused"]


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Why not. status: of HTTP. code: machine name of the rule. field: what it is about, such as ``to.3``.

    fix: what the caller can do. retry_after: seconds after which the same may succeed.
    """

    status: int
    code: str
    detail: str
    fix: str = ""
    field: str = ""
    retry_after: float | None = None


class Placed(msgspec.Struct, frozen=True):
    """One recipient: number is its place in the message (``ID.N``), 0 with trouble when it was refused."""

    number: int
    address: str
    trouble: Trouble | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one letter. index: its place in the request, from 0. id: of the message, 0 for none.

    trouble: set exactly when the whole letter is refused. recipients: those refused alone stand among the others.
    replayed: an earlier request with the same idempotency key had this answer.
    """

    index: int
    status: Status
    id: int = 0
    recipients: tuple[Placed, ...] = ()
    trouble: Trouble | None = None
    replayed: bool = False
