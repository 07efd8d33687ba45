"""The body of a message while it comes in: pieces in memory, or a file once it is too large for that."""

from __future__ import annotations

from estafette.relay.submission.streamed import StreamedBody


class Incoming:
    """folder: where a file goes; None = where the system keeps such files. most: octets kept in memory; None = all.

    streamed: the file, when there is one. trouble: what the disk said, told to the client at the end of the data.
    """

    __slots__ = ("_folder", "_held", "_most", "_pieces", "streamed", "trouble")

    def __init__(self, folder: str | None, most: int | None) -> None:
        self._folder = folder
        self._most = most
        self._pieces: list[bytes] = []
        self._held = 0
        self.streamed: StreamedBody | None = None
        self.trouble: Exception | None = None

    def feed(self, data: bytes) -> bool:
        """Take octets; True when the disk must catch up (``flush``) before more is read."""
        if self.trouble is not None:
            return False
        if self.streamed is None:
            self._held += len(data)
            self._pieces.append(data)
            if self._most is None or self._held <= self._most:
                return False
            self._go_to_disk()
        else:
            self.streamed.feed(data)
        return self.streamed is not None and self.streamed.full

    def _go_to_disk(self) -> None:
        pieces = self.take()
        try:
            self.streamed = StreamedBody(self._folder)
        except OSError as error:
            self.trouble = error
            return
        self.streamed.feed(pieces)

    async def flush(self) -> None:
        """Return when what was fed is written; a failure is kept as ``trouble``."""
        assert self.streamed is not None
        try:
            await self.streamed.flush()
        except Exception as error:
            self.trouble = error

    def take(self) -> bytes:
        """Return, and forget, what is in memory."""
        pieces, self._pieces = self._pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def discard(self) -> None:
        """Remove the file."""
        if self.streamed is not None:
            self.streamed.discard()
