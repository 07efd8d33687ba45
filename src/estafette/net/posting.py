"""Posting to addresses that strangers name, over connections that are kept: webhooks.

No redirect is followed, of an answer only the beginning is read, nothing is unpacked, no cookie is kept.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Collection, Mapping

import aiohttp
import msgspec

from estafette.net.guarded import connector, refusal
from estafette.net.ports import speaks_http
from estafette.net.resolver import Resolver
from estafette.net.special import Guard

#: Octets of an answer that are read; a longer one costs its connection.
REPLY = 2048
#: Connections that are open at once, to all hosts; seconds that an idle one is kept.
CONNECTIONS = 1000
KEPT = 20.0
_ANYWHERE = frozenset({"0.0.0.0", "::"})


class PostFault(Exception):
    """Why there is no answer, in words for whoever named the address."""


class Answer(msgspec.Struct, frozen=True):
    """What was answered. body: its first octets. retry_after: the field as it stands, "" without."""

    status: int
    body: bytes
    retry_after: str = ""


class Poster:
    """Posts from one process. allow: networks of special use that the operator opened. within: seconds for a call.

    own: (host, port) where this service listens; nothing is posted to itself. tls: what checks the other side.
    """

    def __init__(
        self, resolver: Resolver, allow: Collection[str] = (), *, within: float,
        own: Collection[tuple[str, int]] = (), tls: ssl.SSLContext,
    ) -> None:  # fmt: skip
        self._guard = Guard(allow, place="outgoing.allow_networks")
        self._own = frozenset(own)
        self._within = within
        self._session = aiohttp.ClientSession(
            connector=connector(resolver, self._refuses, limit=CONNECTIONS, keepalive_timeout=KEPT, ssl=tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
            headers={"User-Agent": "Estafette-Webhooks", "Accept-Encoding": "identity"},
        )

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return what was answered; PostFault."""
        try:
            async with (
                asyncio.timeout(self._within),
                self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                return Answer(answer.status, await _beginning(answer), answer.headers.get("Retry-After", "")[:64])
        except TimeoutError:
            raise PostFault(f"no answer within {self._within:g} seconds") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise PostFault(refusal(error) or _words(error)) from None

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    def _refuses(self, address: str, port: int) -> str:
        if why := self._guard.refuses(address):
            return f"leads to an address that is not public ({why}); see outgoing.allow_networks"
        if not speaks_http(port):
            return f"port {port} is not one of HTTP"
        if (address, port) in self._own or (self._listens_everywhere(port) and _is_local(address)):
            return "leads back to this service"
        return ""

    def _listens_everywhere(self, port: int) -> bool:
        return any((host, port) in self._own for host in _ANYWHERE)


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    pieces, size = [], 0
    while size <= REPLY and (piece := await answer.content.read(REPLY + 1 - size)):
        pieces.append(piece)
        size += len(piece)
    if size > REPLY:
        answer.close()  # the rest is not wanted, and may have no end
    return b"".join(pieces)[:REPLY]


def _words(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not good: {error.certificate_error}"[:300]
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return "TLS failed: the other side speaks another protocol, or none that is safe"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection: {error.os_error.strerror or error.os_error}"[:300]
    if isinstance(error, aiohttp.ServerDisconnectedError | ConnectionError):
        return "the connection was closed before an answer came"
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ClientResponseError):
        return "what was answered is no proper HTTP"
    return "the address cannot be used"


def _is_local(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
