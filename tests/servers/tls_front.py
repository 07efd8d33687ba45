"""TLS in front of an HTTP listener, as the reverse proxy of an installation stands there."""

from __future__ import annotations

import asyncio
import ssl
import threading
from types import TracebackType
from typing import Self

from tests.servers import loopback
from tests.servers.certificates import Certificates


class TlsFront:
    """Takes TLS off and passes on every octet; ``host`` is where clients find it. names: what else it is called."""

    def __init__(self, certificates: Certificates, behind: tuple[str, int], *names: str) -> None:
        self._address = loopback.address()
        self._context = certificates.server(self._address, *names)
        self._behind = behind
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="tls-front")

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(10):
            raise TimeoutError("the front does not listen")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._pass, self._address, 0, ssl=self._context)
        async with server:
            self.host = f"{self._address}:{server.sockets[0].getsockname()[1]}"
            self._ready.set()
            await self._over.wait()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(*self._behind)
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while octets := await source.read(65_536):
            target.write(octets)
            await target.drain()
        target.close()
        await target.wait_closed()
    except (ConnectionError, ssl.SSLError):
        target.close()  # whoever hung up has what he wanted
