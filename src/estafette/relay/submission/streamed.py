"""A body too large for memory: set down while it comes, then written behind its repaired head."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TypeVar

from estafette.base.errors import Refusal
from estafette.mail.fixups import overlong, safe_lines
from estafette.store.interface.spool import ContentWriter

HEAD_LIMIT = 1_048_576
PIECE = 262_144
_T = TypeVar("_T")
_LINE = 998
# A repair needs the whole body in memory: one at a time.
_REPAIR = asyncio.Semaphore(1)
# The kernel makes a writer wait when the disk lags behind: that must never be the event loop.
_DISK = ThreadPoolExecutor(4, "large-bodies")


def _in_thread(work: Callable[[], _T]) -> asyncio.Future[_T]:
    return asyncio.get_running_loop().run_in_executor(_DISK, work)


class StreamedBody:
    """Text of one message on disk. The file has no name, so nothing is left behind when we stop.

    folder: where to set it down, None for the system's place. Its head is not known to be right before the end, and the
    spool takes a body in order, so the text is written twice; neither write is synced before the second is complete.
    """

    def __init__(self, folder: str | None = None) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - lives as long as the body
        self._held: list[bytes] = []
        self._held_octets = 0
        self._writing = False
        self._given_up = False
        self._line = 0
        self._overlong = False
        self.eight_bit = False
        self.size = 0

    def feed(self, piece: bytes) -> None:
        """Append a piece; it rests in memory until ``flush``."""
        self._held.append(piece)
        self._held_octets += len(piece)
        self.size += len(piece)
        self.eight_bit = self.eight_bit or not piece.isascii()
        first = piece.find(b"\n")
        if first < 0:
            self._line += len(piece)
            self._overlong = self._overlong or self._line > _LINE + 1
            return
        self._overlong = self._overlong or self._line + first > _LINE + 1 or overlong(piece)
        self._line = len(piece) - piece.rfind(b"\n") - 1

    @property
    def full(self) -> bool:
        """True when enough is held to be worth a write; nothing more is to be fed before it is over."""
        return self._held_octets >= PIECE

    async def flush(self) -> None:
        """Write what is held, in a thread; OSError when the disk is full."""
        pieces, self._held, self._held_octets = self._held, [], 0
        self._writing = True
        try:
            await _in_thread(lambda: self._file.writelines(pieces))
        finally:
            self._writing = False
            if self._given_up:
                _DISK.submit(self._file.close)

    async def make_safe(self) -> None:
        """Repair overlong lines; Refusal when that would change what the message says."""
        await self.flush()
        if not self._overlong:
            return
        async with _REPAIR:
            self._file.seek(0)
            safe = await _in_thread(lambda: safe_lines(self._file.read()))
            self._file.seek(0)
            self._file.truncate()
            self.size, self.eight_bit, self._line = 0, False, 0
            self.feed(safe)
            await self.flush()

    def head(self) -> bytes:
        """Return the header section with its empty line; Refusal when it is larger than 1 MiB."""
        self._file.seek(0)
        start = self._file.read(HEAD_LIMIT)
        if start.startswith(b"\r\n"):
            return b"\r\n"
        end = start.find(b"\r\n\r\n")
        if end < 0:
            raise Refusal(552, "5.3.4", "the header is larger than 1 MiB", rule="header_size")
        return start[: end + 4]

    async def copy(self, skip: int, writer: ContentWriter) -> None:
        """Write everything behind the first ``skip`` octets, in a thread."""
        await _in_thread(lambda: self._copy(skip, writer))

    def _copy(self, skip: int, writer: ContentWriter) -> None:
        self._file.seek(skip)
        while piece := self._file.read(PIECE):
            writer.write(piece)

    def discard(self) -> None:
        """Give the file up; a write that runs ends first."""
        self._given_up = True
        if not self._writing:
            _DISK.submit(self._file.close)
