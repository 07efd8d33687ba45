"""A complaint: a recipient told us, or a receiver for them, that a message was not wanted."""

from __future__ import annotations

import msgspec

#: Reason of a ``complained`` event that no kind of report names.
UNKNOWN = "unknown"


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """One complaint about one recipient's copy, however often it is reported.

    number: 0 where a message has several recipients and the report does not prove whose it was. event: id of its
    ``complained`` event. report: id of the kept message that brought it. at, seen: when it was reported first and
    last, unix seconds. kind: as in ``mail/arf.toml``. programme: who reported it first. reports: how often.
    """

    message: int
    number: int
    tenant: str
    stream: str
    event: int
    report: int
    at: float
    seen: float
    kind: str = UNKNOWN
    programme: str = ""
    reports: int = 1
