"""People who click: GETs over kept connections, as fast as answers come or at a rate, each timed.

python -m benchmarks.clicker ORDER        # JSON of ``Order``; prints one of ``Report``
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from pathlib import Path
from typing import cast

import msgspec
import uvloop

_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)


class Order(msgspec.Struct):
    """port: where the listener is. paths: a file with a path a line, asked in turn. rate: hits a second, 0 = as many
    as ``connections`` get."""

    port: int
    paths: str
    hits: int
    connections: int = 16
    rate: float = 0.0


class Report(msgspec.Struct):
    """seconds: of the whole. times: milliseconds of each hit, in order. wrong: answers other than 302."""

    seconds: float = 0.0
    times: list[float] = []
    wrong: int = 0


class _Connection(asyncio.Protocol):
    """Asks, and asks again when it is answered; ``asked_at`` counts from when the hit was due, if it was."""

    def __init__(self, clicker: Clicker) -> None:
        self._clicker = clicker
        self._buffer = b""
        self.asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def ask(self, request: bytes, due: float) -> None:
        self.asked_at = due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if b"\r\n\r\n" not in self._buffer:
            return
        answer, self._buffer = self._buffer, b""
        self._clicker.answered(self, answer)


class Clicker:
    def __init__(self, order: Order) -> None:
        self._order = order
        paths = Path(order.paths).read_text().splitlines()
        head = f"Host: t.bench.example\r\nUser-Agent: {_AGENT}\r\nAccept: text/html\r\nAccept-Language: fr\r\n"
        head += "Accept-Encoding: gzip, deflate, br\r\nX-Forwarded-Proto: https\r\n\r\n"
        self._requests = [f"GET {path} HTTP/1.1\r\n{head}".encode() for path in paths]
        self._asked = 0
        # In turn, or the listener would close those that nobody uses.
        self._free: deque[_Connection] = deque()
        self._report = Report()
        self._done = asyncio.Event()
        self._freed = asyncio.Event()

    async def run(self) -> Report:
        loop = asyncio.get_running_loop()
        for _ in range(self._order.connections):
            _, protocol = await loop.create_connection(lambda: _Connection(self), "127.0.0.1", self._order.port)
            self._free.append(protocol)
        self._began = time.perf_counter()
        if self._order.rate:
            await self._at_a_rate()
        else:
            while self._free:
                self._next(self._free.popleft(), time.perf_counter())
        await self._done.wait()
        self._report.seconds = time.perf_counter() - self._began
        return self._report

    async def _at_a_rate(self) -> None:
        while self._asked < self._order.hits:
            due = self._began + self._asked / self._order.rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            if not self._free:
                self._freed.clear()
                await self._freed.wait()
            self._next(self._free.popleft(), due)

    def _next(self, connection: _Connection, due: float) -> None:
        request = self._requests[self._asked % len(self._requests)]
        self._asked += 1
        connection.ask(request, due)

    def answered(self, connection: _Connection, answer: bytes) -> None:
        now = time.perf_counter()
        self._report.times.append((now - connection.asked_at) * 1000)
        self._report.wrong += not answer.startswith(b"HTTP/1.1 302")
        if len(self._report.times) == self._order.hits:
            self._done.set()
        elif self._order.rate:
            self._free.append(connection)
            self._freed.set()
        elif self._asked < self._order.hits:
            self._next(connection, now)


async def _main(order: Order) -> None:
    print(msgspec.json.encode(await Clicker(order).run()).decode())


if __name__ == "__main__":
    uvloop.run(_main(msgspec.json.decode(sys.argv[1], type=Order)))
