"""Opening TCP connections outward: bounded in time, from a chosen address, never to where the guard says no."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import TypeVar

from estafette.base.errors import EstafetteError
from estafette.net.special import Guard

P = TypeVar("P", bound=asyncio.BaseProtocol)


class ConnectFault(EstafetteError):
    """A connection could not be opened. reason: machine name; ``special_use_address`` when the guard refused."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


async def open_connection(
    factory: Callable[[], P], address: str, port: int, *,
    patience: float, guard: Guard | None = None, source: str = "", tls: ssl.SSLContext | None = None, host: str = "",
) -> P:  # fmt: skip
    """Connect to a literal address and return the protocol; ConnectFault.

    patience: seconds for TCP and, with ``tls``, the handshake. source: local address, empty = the system's choice.
    host: name for SNI and verification under ``tls``. guard None = an address that the operator named himself.
    """
    _check(guard, address)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(patience):
            transport, protocol = await loop.create_connection(
                factory,
                address,
                port,
                local_addr=(source, 0) if source else None,
                ssl=tls,
                server_hostname=(host or address) if tls else None,
            )
    except TimeoutError:
        raise ConnectFault("connect_timeout", f"no answer from {address} within {patience:g} s") from None
    except ssl.SSLError as error:
        raise ConnectFault("tls_failed", f"TLS with {address}: {error.reason or error}") from None
    except (OSError, ValueError) as error:
        raise ConnectFault("connect_failed", f"{address}: {_words(error)}") from None
    try:
        # What counts is the address that was really reached, not the one that was asked for.
        _check(guard, str((transport.get_extra_info("peername") or (address,))[0]))
    except ConnectFault:
        transport.abort()
        raise
    return protocol


async def upgrade(
    transport: asyncio.Transport,
    protocol: asyncio.BaseProtocol,
    context: ssl.SSLContext,
    host: str,
    patience: float,
) -> asyncio.Transport:
    """Start TLS on an open connection and return its new transport; ConnectFault ``tls_failed``."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(patience):
            upgraded = await loop.start_tls(transport, protocol, context, server_hostname=host)
    except (TimeoutError, OSError, ValueError) as error:
        raise ConnectFault("tls_failed", f"TLS with {host}: {_words(error)}") from None
    if upgraded is None:
        raise ConnectFault("tls_failed", f"TLS with {host}: the connection was lost during the handshake")
    return upgraded


def _check(guard: Guard | None, address: str) -> None:
    why = guard.refuses(address) if guard is not None else ""
    if why:
        raise ConnectFault("special_use_address", f"{address} is a special-use address ({why})")


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return str(error.reason or error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
