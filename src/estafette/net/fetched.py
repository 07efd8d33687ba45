"""What comes of a fetch: octets, or why there are none."""

from __future__ import annotations

import msgspec


class FetchFault(Exception):
    """Why nothing could be fetched, in words for whoever named the address. It never says what answered inside."""


class Fetched(msgspec.Struct, frozen=True):
    """What an address gave. type: its media type, "" when it named none."""

    body: bytes
    type: str
