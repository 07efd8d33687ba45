"""One address followed through its redirects, each connection to an address that the guard lets pass."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from estafette.net.fetched import Fetched, FetchFault
from estafette.net.resolver import Resolver
from estafette.net.special import Guard

REDIRECTS = 3
PIECE = 64 * 1024
_MOVED = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "Estafette"}


class _Refused(OSError):
    """The address is none to connect to."""


class _Names(AbstractResolver):
    """Host names by our own resolver."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 - both are asked for
    ) -> list[ResolveResult]:
        """Return the addresses of a host."""
        answer = await self._resolver.addresses(host, v6=True)
        if not answer.addresses:
            raise OSError(f"{host} has no address")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in answer.addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


class Following:
    """One fetch."""

    def __init__(self, resolver: Resolver, guard: Guard) -> None:
        self._resolver = resolver
        self._guard = guard

    async def get(self, url: str, most: int) -> Fetched:
        """Return at most ``most`` octets of an http or https address; FetchFault."""
        try:
            return await self._follow(url, most)
        except _Refused as error:
            raise FetchFault(str(error)) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, _Refused):
                raise FetchFault(str(error.os_error)) from None
            raise FetchFault("could not be fetched: no connection, or no proper answer") from None

    async def _follow(self, url: str, most: int) -> Fetched:
        connector = aiohttp.TCPConnector(
            resolver=_Names(self._resolver), use_dns_cache=False, force_close=True, socket_factory=self._socket
        )
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, headers=_HEADERS
        ) as session:
            for _ in range(REDIRECTS + 1):
                _check(url)
                async with session.get(url, allow_redirects=False) as answer:
                    if answer.status not in _MOVED:
                        return await _read(answer, most)
                    url = urljoin(url, answer.headers.get("Location", ""))
        raise FetchFault(f"leads on more than {REDIRECTS} times")

    def _socket(self, info: Any) -> socket.socket:
        """Return the socket of one connection; the last word on where it goes."""
        family, kind, protocol, _, address = info
        if why := self._guard.refuses(address[0]):
            raise _Refused(f"leads to an address that is not public ({why})")
        return socket.socket(family, kind, protocol)


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
