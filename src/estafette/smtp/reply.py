"""Replies of a peer: read tolerantly, bounded in every direction, never trusted.

RFC 5321 section 4.2 gives the form; the tolerance (bare LF, no text, no enhanced code) is what real servers
need.
"""

from __future__ import annotations

import re
from functools import lru_cache

from estafette.base.errors import EstafetteError
from estafette.model.event import Reply

MAX_OCTETS = 8192
MAX_LINES = 100
MAX_TEXT = 512

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ \t-])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"([245])\.([0-9]{1,3})(?:\.([0-9]{1,3}))?(?:[ \t:]+|$)")


class ProtocolFault(EstafetteError):
    """The peer does not speak SMTP as RFC 5321 has it; ``reason`` is a machine name, the message is for the log."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason
        self.detail = detail


class ReplyReader:
    """Cuts a stream of octets into replies.

    lines: texts of the reply that ``next`` returned last, without codes (EHLO needs them apart).
    One reply may have ``MAX_OCTETS`` octets and ``MAX_LINES`` lines, complete or not.
    """

    __slots__ = ("_buffer", "_code", "_octets", "_scanned", "lines")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._scanned = 0
        self._code = b""
        self._octets = 0
        self.lines: list[bytes] = []

    @property
    def pending(self) -> bool:
        """True when octets beyond the last complete reply have arrived."""
        return bool(self._buffer) or bool(self._code)

    def feed(self, data: bytes) -> None:
        """Add octets from the network."""
        self._buffer += data

    def next(self) -> Reply | None:
        """Return the next complete reply, None when more octets are needed; ProtocolFault."""
        while (line := self._line()) is not None:
            match = _LINE.fullmatch(line)
            if match is None:
                raise ProtocolFault("malformed_reply", f"not a reply: {clean(line)!r}")
            code, separator, text = match.groups()
            if not self._code:
                if separator != b"-":
                    self._octets = 0
                    self.lines = [text or b""]
                    return _single(code, text or b"")
                self._code = code
                self.lines = []
            elif code != self._code:
                raise ProtocolFault("malformed_reply", f"{clean(code)} within a reply of {clean(self._code)}")
            self._keep(text or b"")
            if separator != b"-":
                return self._several()
        return None

    def _line(self) -> bytes | None:
        buffer = self._buffer
        end = buffer.find(b"\n", self._scanned)
        if end < 0:
            self._scanned = len(buffer)
            if self._octets + self._scanned > MAX_OCTETS:
                raise ProtocolFault("reply_too_long", f"more than {MAX_OCTETS} octets in one reply")
            return None
        self._octets += end + 1
        if self._octets > MAX_OCTETS:
            raise ProtocolFault("reply_too_long", f"more than {MAX_OCTETS} octets in one reply")
        line = bytes(buffer[:end])
        del buffer[: end + 1]
        self._scanned = 0
        return line[:-1] if line.endswith(b"\r") else line

    def _keep(self, text: bytes) -> None:
        if len(self.lines) >= MAX_LINES:
            raise ProtocolFault("reply_too_long", f"more than {MAX_LINES} lines in one reply")
        self.lines.append(text)

    def _several(self) -> Reply:
        reply = _join(int(self._code), self.lines)
        self._code = b""
        self._octets = 0
        return reply


def parse(text: str) -> Reply:
    """Read one whole reply given as text, lines separated by newlines; ProtocolFault when it is none."""
    reader = ReplyReader()
    reader.feed(text.encode(errors="replace") + b"\n")
    reply = reader.next()
    if reply is None:
        raise ProtocolFault("malformed_reply", "the reply is not complete")
    return reply


def clean(octets: bytes) -> str:
    """Return hostile octets as one printable line of at most ``MAX_TEXT`` characters."""
    text = octets[: 4 * MAX_TEXT].decode("utf-8", "replace")
    if not text.isprintable():
        text = "".join([c if c.isprintable() else " " for c in text])
    return text[:MAX_TEXT].strip()


@lru_cache(maxsize=256)
def _single(code: bytes, text: bytes) -> Reply:
    return _join(int(code), [text])


def _join(code: int, lines: list[bytes]) -> Reply:
    enhanced = ""
    texts = []
    for line in lines:
        text = clean(line)
        status, rest = _split(code, text)
        enhanced = enhanced or status
        texts.append(rest if status == enhanced else text)
    return Reply(code, enhanced, " ".join(filter(None, texts))[:MAX_TEXT])


def _split(code: int, text: str) -> tuple[str, str]:
    """Take the enhanced code (RFC 3463) off a text; one whose class contradicts the code counts as text."""
    match = _ENHANCED.match(text)
    if match is None or int(match[1]) != code // 100:
        return "", text
    return f"{match[1]}.{match[2]}.{match[3] or 0}", text[match.end() :]
