"""A log-in that failed, as the door remembers it for an explanation later: never the secret itself."""

from __future__ import annotations

import msgspec


class FailedLogin(msgspec.Struct, frozen=True, kw_only=True):
    """Who tried, from where and when.

    reason: what is known at the door, such as ``locked``; "" = to be found out from digest, the SHA-256 of what was
    given as the secret, and trimmed, the same without white space around it (empty when there was none).
    line_break: the white space was one. key: the secret was an API key over HTTP, without a user name.
    """

    username: str
    address: str
    at: float
    reason: str = ""
    digest: bytes = b""
    trimmed: bytes = b""
    line_break: bool = False
    key: bool = False
