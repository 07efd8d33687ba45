"""The message of a transaction on its way in: DATA and BDAT, their limits, and what breaks them."""

from __future__ import annotations

from estafette.base.errors import Refusal
from estafette.smtp import grammar, replies
from estafette.smtp.data import PIECE, DataReader, TextCheck
from estafette.smtp.dialogue import AGAIN, Dialogue, Step
from estafette.smtp.events import DataChunk, DataStart, MessageEnd, Reset
from estafette.smtp.phases import Phase
from estafette.smtp.server_config import ServerConfig


class MessageText(Dialogue):
    """What DATA and BDAT do. ``in_message``: text is on its way, or waits for its verdict."""

    def __init__(self, config: ServerConfig) -> None:
        super().__init__(config)
        self.in_message = False
        self._phase = Phase.START
        self._normalize = config.bare_newline == "normalize"
        self._clear()

    def _clear(self) -> None:
        self._reader = DataReader()
        self._text = TextCheck(normalize=self._normalize)
        self._chunk = 0
        self._chunk_size = 0
        self._last = False
        self._failed: bytes = b""
        self._raw_size = 0
        self.in_message = False

    def _reset(self) -> None:
        self._clear()

    def _data_command(self, _argument: bytes) -> Step:
        if self._pushed():
            return self._close(replies.PIPELINED, "pipelined after DATA")
        self.in_message = True
        return self._ask(DataStart())

    def _data(self) -> Step:
        if self._at == len(self._input):
            return None
        piece, used, ended = self._reader.read(self._input, self._at)
        if piece is None:
            return None
        self._at += used
        event = self._keep(piece)
        if not ended:
            return event
        self._step = self._finish
        return event

    def _keep(self, piece: bytes) -> Step:
        """Check one piece; a message that broke a rule is swallowed, one twice too big ends the session."""
        self._raw_size += len(piece)
        if self._raw_size > 2 * self.config.max_size:
            return self._close(replies.TOO_BIG, "far too big")
        if self._failed:
            return AGAIN
        kept = self._text.feed(piece)
        if self._text.refused:
            self._failed = replies.BARE_NEWLINE
        elif self._text.size > self.config.max_size:
            self._failed = replies.TOO_BIG
        elif kept:
            return DataChunk(kept)
        return AGAIN

    def _finish(self) -> Step:
        tail = b"" if self._failed else self._text.finish()
        if self._text.refused:
            self._failed = self._failed or replies.BARE_NEWLINE
        if self._failed:
            self._output += self._failed
            self._end_transaction()
            return Reset()
        self._step = self._finished
        return DataChunk(tail) if tail else AGAIN

    def _finished(self) -> Step:
        return self._ask(MessageEnd())

    def _end_transaction(self) -> None:
        self._phase = Phase.READY
        self._step = self._command
        self._reset()

    def _bdat_command(self, argument: bytes) -> Step:
        try:
            size, last = grammar.chunk(argument)
        except Refusal as refusal:
            # Without the length the next octets cannot be told from commands.
            return self._close(replies.of(refusal), "BDAT without a length")
        first = self._phase is Phase.RCPT
        self._phase = Phase.CHUNKS
        self._chunk = self._chunk_size = size
        self._last = last
        self.in_message = True
        self._step = self._bdat
        if self._raw_size + size > 2 * self.config.max_size:
            return self._close(replies.TOO_BIG, "far too big")
        return self._ask(DataStart()) if first else AGAIN

    def _bdat(self) -> Step:
        if not self._chunk:
            return self._chunk_end()
        used = min(self._chunk, self.buffered)
        if not used or (used < self._chunk and used < PIECE):
            return None
        with memoryview(self._input) as view:
            piece = bytes(view[self._at : self._at + used])
        self._at += used
        self._chunk -= used
        return self._keep(piece)

    def _chunk_end(self) -> Step:
        if self._last:
            self._step = self._finish
            return AGAIN
        self._step = self._command
        self.in_message = False
        self._output += self._failed or f"250 2.0.0 {self._chunk_size} octets received\r\n".encode("ascii")
        return AGAIN
