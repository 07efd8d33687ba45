"""HTTP listeners: uvicorn servers over ASGI applications."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from estafette.base.errors import Fault
from estafette.runtime.assemble import Unit

DRAIN_WITHIN = 20


async def serve(unit: Unit, app: Callable[..., Any], addresses: list[tuple[str, int]], *, shared: bool) -> None:
    """Serve an application on addresses until the unit drains; ``shared``: sibling processes listen there too."""
    if not addresses:
        return
    sockets = [listening(host, port, shared=shared) for host, port in addresses]
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=bool(unit.settings.listen.trusted_proxies),
        forwarded_allow_ips=unit.settings.listen.trusted_proxies,
        timeout_graceful_shutdown=DRAIN_WITHIN,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=sockets))
    while not server.started:
        if running.done():
            await running
        await asyncio.sleep(0.01)

    async def end() -> None:
        server.should_exit = True
        await running

    unit.closing(end)


class _Server(uvicorn.Server):
    """Signals are the worker's business, not the HTTP server's."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # noqa: ANN202
        yield


def listening(host: str, port: int, *, shared: bool) -> socket.socket:
    """Return a listening socket; Fault when the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    channel = socket.socket(family, socket.SOCK_STREAM)
    try:
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            channel.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            channel.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        channel.bind((host, port))
        channel.listen(1024)
    except OSError as error:
        channel.close()
        raise Fault(
            f"cannot listen on {host}:{port}: {error.strerror}",
            place="listen",
            fix="free the port, or name another",
        ) from error
    channel.setblocking(False)
    return channel
