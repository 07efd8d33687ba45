"""A slow uplink, a process: forwards connections to a sink through one token bucket that they all share.

``python -m benchmarks.forwarder PORT SINK-PORT BITS-PER-SECOND`` prints ``ready`` and runs until SIGTERM. Octets of all
connections leave in the order in which they were read, 8 KiB at a time; socket buffers are small, so that what waits
waits at the sender, as behind a real router with a short queue. Answers come back without delay.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys

import uvloop

_PIECE = 8192
_BUFFER = 32768


class Uplink:
    """The bucket: one moment at which the line is free again."""

    def __init__(self, bits: float) -> None:
        self._rate = bits / 8
        self._free = 0.0

    async def pass_on(self, octets: int) -> None:
        """Return when so many octets have left."""
        now = asyncio.get_running_loop().time()
        self._free = max(self._free, now) + octets / self._rate
        await asyncio.sleep(self._free - now)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, uplink: Uplink | None) -> None:
    try:
        while data := await reader.read(_PIECE):
            if uplink is not None:
                await uplink.pass_on(len(data))
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()


async def serve(port: int, sink: int, bits: float) -> None:
    """Forward until SIGTERM."""
    uplink, done, loop = Uplink(bits), asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, done.set)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", sink)
        await asyncio.gather(_pump(reader, far_writer, uplink), _pump(far_reader, writer, None))

    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    listening.bind(("127.0.0.1", port))
    await asyncio.start_server(connected, sock=listening, limit=_BUFFER, backlog=256)
    print("ready", flush=True)
    await done.wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
