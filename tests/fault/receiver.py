"""A recording receiver process: writes each message's id durably before it answers the final dot.

Run as a program: ``receiver.py ADDRESS PORT LEDGER``. It is a peer of its own making (asyncio streams), so that a
kill of the service never touches what it knows.
"""

from __future__ import annotations

import asyncio
import os
import sys


class Ledger:
    """One line for each message that got its 250."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def note(self, message: bytes) -> None:
        """Write the message's own id; a file in the page cache outlives every killed process."""
        head = message.partition(b"\r\n\r\n")[0]
        found = [line[7:] for line in head.split(b"\r\n") if line.lower().startswith(b"x-lid: ")]
        os.write(self._file, (found[0] if found else b"?") + b"\n")


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ledger: Ledger) -> None:
    try:
        writer.write(b"220 receiver.test ESMTP\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                writer.write(b"250-receiver.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await writer.drain()
                message = await reader.readuntil(b"\r\n.\r\n")
                ledger.note(message)
                writer.write(b"250 2.0.0 noted\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 2.0.0 bye\r\n")
                break
            else:
                writer.write(b"250 2.0.0 ok\r\n")
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main(address: str, port: str, path: str) -> None:
    """Serve until killed."""
    ledger = Ledger(path)
    server = await asyncio.start_server(
        lambda reader, writer: _converse(reader, writer, ledger), address, int(port), limit=64 << 20
    )
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
