"""The talk of one session: octets in, lines out of them, replies, errors, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, Literal

from estafette.smtp import replies, sasl
from estafette.smtp.events import Closed, Event
from estafette.smtp.server_config import ServerConfig

LINE_LIMIT = 512
PARAMETER_LINE_LIMIT = 2048
JUNK_LIMIT = 100
DISCARD_LIMIT = 1_000_000
_LONG_VERBS = frozenset({b"MAIL", b"RCPT"})


class Again(Enum):
    """Says that a step was made and another can be tried."""

    AGAIN = 0


AGAIN: Final = Again.AGAIN
Step = Event | None | Literal[Again.AGAIN]


class Dialogue:
    """Buffers and the current step. A step returns an event, AGAIN, or None when it needs more octets."""

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.closed = False
        self._input = bytearray()
        self._at = 0
        self._output = bytearray()
        self._step: Callable[[], Step] = self._command
        self._asked: Event | None = None
        self._greeted = False
        self._errors = 0
        self._junk = 0
        self._discarded = 0
        self._reason = ""

    def _command(self) -> Step:
        raise NotImplementedError

    def greet(self) -> None:
        """Put the banner into the output."""
        self._greeted = True
        self._output += f"220 {self.config.hostname} ESMTP Estafette\r\n".encode("ascii")

    def receive(self, data: bytes | memoryview) -> None:
        """Take octets from the client; they are looked at by ``next_event``."""
        self._input += data

    @property
    def waiting(self) -> bool:
        """True while an event waits for ``accept`` or ``refuse``."""
        return self._asked is not None

    @property
    def buffered(self) -> int:
        """Octets received and not yet used; a driver stops reading when they pile up."""
        return len(self._input) - self._at

    @property
    def wasted(self) -> int:
        """Commands that led to no message: errors, and idle ones since the last message."""
        return self._errors + self._junk

    def next_event(self) -> Event | None:
        """Return what happened next, or None: more octets are needed, or an answer is."""
        if not self._greeted and self._input and not self.closed:
            self._close(replies.PIPELINED, "talked before the banner")
        while self._asked is None:
            step = self._step()
            if step is None:
                break
            if step is not AGAIN:
                return step
        if self._at:
            del self._input[: self._at]
            self._at = 0
        return None

    def take_output(self) -> bytes:
        """Return the replies since the last call."""
        if not self._output:
            return b""
        output = bytes(self._output)
        self._output.clear()
        return output

    def shut(self, text: str, enhanced: str = "4.3.2") -> None:
        """Put a 421 into the output and take no more."""
        if not self.closed:
            self._close(replies.reply(421, enhanced, text), "shut")

    def _line(self, limit: int = 0) -> bytes | Literal[Again.AGAIN] | None:
        at, buffer = self._at, self._input
        end = buffer.find(b"\n", at)
        if end < 0:
            if self.buffered > sasl.LINE_LIMIT:
                self._discarded = self.buffered
                self._at = len(self._input)
                self._step = self._overlong
                return AGAIN
            return None
        line = bytes(buffer[at:end])
        self._at = end + 1
        if line.find(b"\r") != end - at - 1 or end == at:
            return self._error(replies.BAD_LINE_END)
        if end - at >= LINE_LIMIT and end - at >= (limit or _longest(line)):
            return self._error(replies.TOO_LONG)
        return line[:-1]

    def _overlong(self) -> Step:
        end = self._input.find(b"\n", self._at)
        self._discarded += (end if end >= 0 else len(self._input)) - self._at
        self._at = end + 1 if end >= 0 else len(self._input)
        if self._discarded > DISCARD_LIMIT:
            return self._close(replies.ENDLESS, "endless line")
        if end < 0:
            return None
        self._step = self._command
        return self._error(replies.TOO_LONG)

    def _error(self, answer: bytes) -> Literal[Again.AGAIN]:
        self._output += answer
        self._errors += 1
        if self._errors > self.config.errors:
            self._close(replies.TOO_MANY_ERRORS, "too many errors")
        return AGAIN

    def _idle(self, answer: bytes) -> Literal[Again.AGAIN]:
        self._output += answer
        self._junk += 1
        if self._junk > JUNK_LIMIT:
            self._close(replies.TOO_MANY_COMMANDS, "too many commands")
        return AGAIN

    def _close(self, answer: bytes, reason: str) -> Literal[Again.AGAIN]:
        self._output += answer
        self._asked = None
        self._reason = reason
        self.closed = True
        self._step = self._say_closed
        return AGAIN

    def _say_closed(self) -> Step:
        self._step = self._nothing
        return Closed(self._reason)

    def _nothing(self) -> Step:
        self._at = len(self._input)
        return None

    def _ask(self, event: Event) -> Event:
        self._asked = event
        return event

    def _pushed(self) -> bool:
        """True when the client sent more although it has to wait for our answer (RFC 2920 section 3.1)."""
        return self._at < len(self._input)


def _longest(line: bytes) -> int:
    """Return how long a command line may be (RFC 5321 section 4.5.3.1.4, RFC 3461, RFC 4954 section 4)."""
    if line[:4].upper() in _LONG_VERBS:
        return PARAMETER_LINE_LIMIT
    return sasl.LINE_LIMIT if line[:5].upper() == b"AUTH " else LINE_LIMIT
