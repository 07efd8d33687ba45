"""What the DNS said, in the words of mail routing."""

from __future__ import annotations

from typing import Literal

import msgspec

MxKind = Literal["mx", "implicit", "null", "nxdomain", "temporary"]


class MxAnswer(msgspec.Struct, frozen=True):
    """Where a domain takes mail (RFC 5321 section 5.1, RFC 7505).

    hosts: (preference, name), best first, names lower case without final dot; the domain itself for ``implicit``.
    ``temporary``: nobody could say (SERVFAIL, timeout); never to be read as ``implicit``. ttl: seconds it may be kept.
    """

    kind: MxKind
    hosts: tuple[tuple[int, str], ...] = ()
    ttl: float = 0.0
    detail: str = ""


class AddressAnswer(msgspec.Struct, frozen=True):
    """Addresses of a host; ``none`` = it exists without one, or does not exist."""

    kind: Literal["found", "none", "temporary"]
    addresses: tuple[str, ...] = ()
    ttl: float = 0.0
    detail: str = ""


class TxtAnswer(msgspec.Struct, frozen=True):
    """TXT strings of a name, each record joined."""

    kind: Literal["found", "none", "temporary"]
    texts: tuple[str, ...] = ()
    ttl: float = 0.0
    detail: str = ""
