"""Open connections: idle ones kept for reuse, and the one timer that watches every deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from estafette.base import metrics
from estafette.relay.delivery.connection import Connection

_open = metrics.gauge("connections_open", "Outgoing SMTP connections that are open.")
#: (site, egress group, host)
Key = tuple[str, str, str]


class Pool:
    """Connections by (site, egress group, host). All sources of a group are equal: any idle one will do."""

    def __init__(self, tick: float) -> None:
        self._tick = tick
        self._idle: dict[Key, list[Connection]] = {}
        self._all: set[Connection] = set()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, connection: Connection) -> None:
        """Keep the deadlines of a connection from now until it is lost."""
        self._all.add(connection)
        _open.set(len(self._all))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._tick, self._look)

    def take(self, keys: Iterable[Key], rests: Callable[[str], bool] = lambda _: False) -> Connection | None:
        """Return an idle connection, the most recently used one of the first key that has any.

        rests: whether an address of ours keeps away from that site; its connections say goodbye.
        """
        for key in keys:
            idle = self._idle.get(key)
            while idle:
                connection = idle.pop()
                if rests(connection.source):
                    connection.leave()
                    continue
                if connection.client.reusable and not connection.lost:
                    return connection
        return None

    def put(self, connection: Connection, key: Key, *, messages: int, keep: float) -> None:
        """Keep a connection for ``keep`` seconds; or say goodbye: it has carried ``messages``, or is no use."""
        if connection.lost or not connection.client.reusable or connection.sent >= messages or keep <= 0:
            connection.leave()
            return
        connection.rest(keep)
        self._idle.setdefault(key, []).append(connection)

    async def close(self) -> None:
        """Say goodbye everywhere; whoever is slow is cut off by the deadline of QUIT."""
        self._idle.clear()
        await asyncio.gather(*[connection.quit() for connection in list(self._all)])
        self._forget_lost()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        for connection in self._all:
            if now >= connection.deadline and not connection.lost:
                connection.expire()
        self._forget_lost()
        if self._all:
            self._timer = asyncio.get_running_loop().call_later(self._tick, self._look)

    def _forget_lost(self) -> None:
        self._all = {connection for connection in self._all if not connection.lost}
        _open.set(len(self._all))
        for key in list(self._idle):
            self._idle[key] = [connection for connection in self._idle[key] if not connection.lost]
            if not self._idle[key]:
                del self._idle[key]
