"""A message that came in, before anybody has said yes to it."""

from __future__ import annotations

import msgspec

from estafette.model.envelope import Envelope


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One message at the end of its DATA, hostile from its first octet to its last.

    message: its id. at: unix seconds. body: as it was sent, CRLF lines. trace: our Received field with its CRLF.
    address, helo: of the client.
    """

    message: int
    at: float
    envelope: Envelope
    body: bytes
    trace: bytes
    address: str
    helo: str
