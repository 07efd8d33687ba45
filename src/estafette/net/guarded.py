"""Connections of outgoing HTTP to where strangers point: the address that is connected to decides, at every one."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from estafette.net.resolver import Resolver


class Refused(OSError):
    """The address is none to connect to."""


class Names(AbstractResolver):
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


def connector(resolver: Resolver, refuses: Callable[[str, int], str], **how: Any) -> aiohttp.TCPConnector:
    """Return a connector that makes no socket for an address and port that ``refuses`` has a word against.

    how: what else a TCPConnector takes. Names are resolved anew for every connection.
    """

    def open_socket(info: Any) -> socket.socket:
        family, kind, protocol, _, address = info
        if why := refuses(address[0], address[1]):
            raise Refused(why)
        return socket.socket(family, kind, protocol)

    return aiohttp.TCPConnector(resolver=Names(resolver), use_dns_cache=False, socket_factory=open_socket, **how)


def refusal(error: Exception) -> str:
    """Return why no connection was made, when the reason is a refusal of ours; else empty."""
    if isinstance(error, aiohttp.ClientConnectorError):
        error = error.os_error
    return str(error) if isinstance(error, Refused) else ""
