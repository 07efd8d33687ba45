"""Outgoing HTTP to addresses that strangers name: webhooks, files to attach.

The address that is connected to decides, after DNS and at every redirect: special-use ranges (RFC 6890) are refused
unless the operator opened them. Size and time are bounded, nothing is unpacked, no proxy of the environment is used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from estafette.net.fetched import Fetched, FetchFault
from estafette.net.resolver import Resolver
from estafette.net.special import Guard

WITHIN = 10.0


class Fetcher:
    """Fetches what strangers name. allow: networks of special use that the operator opened."""

    def __init__(self, resolver: Resolver, allow: Iterable[str] = (), *, within: float = WITHIN) -> None:
        self._resolver = resolver
        self._guard = Guard(allow, place="outgoing.allow_networks")
        self._within = within

    async def get(self, url: str, most: int) -> Fetched:
        """Return at most ``most`` octets of an http or https address; FetchFault."""
        # Few processes ever fetch: the client is loaded by the first that does.
        from estafette.net.following import Following

        try:
            async with asyncio.timeout(self._within):
                return await Following(self._resolver, self._guard).get(url, most)
        except TimeoutError:
            raise FetchFault(f"took longer than {self._within:g} seconds") from None
