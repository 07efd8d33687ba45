"""One address followed through its redirects, each connection to an address that the guard lets pass."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import aiohttp

from estafette.net.fetched import Fetched, FetchFault
from estafette.net.guarded import connector, refusal
from estafette.net.resolver import Resolver
from estafette.net.special import Guard

REDIRECTS = 3
PIECE = 64 * 1024
_MOVED = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "Estafette"}


class Following:
    """One fetch."""

    def __init__(self, resolver: Resolver, guard: Guard) -> None:
        self._resolver = resolver
        self._guard = guard

    async def get(self, url: str, most: int) -> Fetched:
        """Return at most ``most`` octets of an http or https address; FetchFault."""
        try:
            return await self._follow(url, most)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = refusal(error) or "could not be fetched: no connection, or no proper answer"
            raise FetchFault(why) from None

    async def _follow(self, url: str, most: int) -> Fetched:
        async with aiohttp.ClientSession(
            connector=connector(self._resolver, self._refuses, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, headers=_HEADERS,
        ) as session:  # fmt: skip
            for _ in range(REDIRECTS + 1):
                _check(url)
                async with session.get(url, allow_redirects=False) as answer:
                    if answer.status not in _MOVED:
                        return await _read(answer, most)
                    url = urljoin(url, answer.headers.get("Location", ""))
        raise FetchFault(f"leads on more than {REDIRECTS} times")

    def _refuses(self, address: str, _port: int) -> str:
        why = self._guard.refuses(address)
        return f"leads to an address that is not public ({why})" if why else ""


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise FetchFault("is no http or https address")
    if parts.username is not None or parts.password is not None:
        raise FetchFault("holds a user name or a password")


async def _read(answer: aiohttp.ClientResponse, most: int) -> Fetched:
    if answer.status != 200:
        raise FetchFault(f"was answered with {answer.status}")
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchFault("was answered in a compressed form that was not asked for")
    pieces, size = [], 0
    async for piece in answer.content.iter_chunked(PIECE):
        size += len(piece)
        if size > most:
            raise FetchFault(f"is larger than {most} octets")
        pieces.append(piece)
    return Fetched(b"".join(pieces), answer.headers.get("Content-Type", "").partition(";")[0].strip()[:127])
