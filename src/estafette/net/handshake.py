"""The TLS handshake of a connection that a client opened."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from estafette.base.log import get

_log = get("net.listener")


async def secure(
    transport: asyncio.Transport, protocol: asyncio.BaseProtocol, contexts: Callable[[], ssl.SSLContext] | None, *,
    within: float, address: str,
) -> asyncio.Transport | None:  # fmt: skip
    """Return the transport under TLS, None when that failed. within: seconds. address: the client's, for the log."""
    try:
        if contexts is None:
            raise ssl.SSLError("no certificate is set")  # noqa: TRY301 - handled as a failed handshake
        return await asyncio.get_running_loop().start_tls(
            transport, protocol, contexts(), server_side=True, ssl_handshake_timeout=within
        )
    except (OSError, ssl.SSLError) as error:
        _log.info("tls_failed", address=address, cause=str(error)[:200])
        return None


def description(transport: asyncio.Transport) -> str:
    """Return protocol and cipher of a transport under TLS."""
    cipher = transport.get_extra_info("cipher") or ("", "", 0)
    return f"{cipher[1]} {cipher[0]}"
