"""What DNS has, in the form in which it is compared with what should be there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from estafette.base.errors import Fault
from estafette.net.authority import Authority, Seen


class Silent(Fault):
    """DNS does not answer now: nothing is known, least of all that a record is absent."""

    code = "dns_silent"


class Names(Protocol):
    """What a check needs of DNS."""

    async def look(self, name: str, kind: str) -> Seen:
        """Return the records of a type that a name has; Silent when nobody can say."""
        ...


class Published:
    """Values of names, from the servers that publish them.

    servers: resolvers that find those; allow: special-use networks in which they may be.
    """

    def __init__(self, servers: Sequence[tuple[str, int]], *, allow: Sequence[str] = (), port: int = 53) -> None:
        self._authority = Authority(servers, allow=allow, port=port)

    async def look(self, name: str, kind: str) -> Seen:
        """See ``Names``."""
        seen = await self._authority.look(name, kind)
        if not seen.known:
            raise Silent(f"DNS does not answer for {name}", place="dns.servers", fix="try again later, see doctor")
        return seen
