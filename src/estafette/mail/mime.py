"""The parts of a message (RFC 2045, RFC 2046) as spans of its bytes; nothing is decoded or copied."""

from __future__ import annotations

import re

import msgspec

from estafette.mail.headers import unfold

DEPTH_LIMIT = 100
PARTS_LIMIT = 1000
PART_HEAD_LIMIT = 64 * 1024
_DELIMITER_LIMIT = 80
_TYPE = re.compile(rb"^Content-Type[ \t]*:(.*?)\r\n(?![ \t])", re.IGNORECASE | re.DOTALL | re.MULTILINE)
_ENCODING = re.compile(rb"^Content-Transfer-Encoding[ \t]*:[ \t\r\n]*([^\s;]+)", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(rb';[ \t]*boundary[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.){1,200})"|([^\s;"]+))', re.IGNORECASE)
_ESCAPED = re.compile(rb"\\(.)")
_DISPOSITION = re.compile(rb"^Content-Disposition[ \t]*:[ \t\r\n]*attachment", re.IGNORECASE | re.MULTILINE)
SEALED = frozenset({b"multipart/signed", b"multipart/encrypted"})


class Part(msgspec.Struct):
    """One part.

    start: its header section. body, stop: its body, without the CRLF of the delimiter that ends it.
    parent: index of the multipart around it, -1 for the message. type: lower case, such as ``text/html``;
    encoding: lower case, ``7bit`` when not named. opaque: a budget was exceeded, so that what lies inside
    is not known.
    """

    start: int
    body: int
    stop: int
    parent: int
    depth: int
    type: bytes
    encoding: bytes
    boundary: bytes = b""
    opaque: bool = False


def spans(message: bytes) -> list[Part]:
    """Return the parts of a message in their order, multiparts before their children, first the message.

    Beyond ``DEPTH_LIMIT`` levels or ``PARTS_LIMIT`` parts the answer is the message alone, opaque.
    """
    root = _part(message, 0, -1, 0, b"text/plain")
    if not root.boundary:
        return [root]
    walk = _Walk(message, root)
    if not walk.run():
        root.opaque = True
        root.stop = len(message)
        return [root]
    return walk.parts


def sealed(parts: list[Part], index: int) -> bool:
    """Whether a part is, or lies inside, a multipart that is signed or encrypted (RFC 1847): no octet may change."""
    while index >= 0:
        if parts[index].type in SEALED:
            return True
        index = parts[index].parent
    return False


def attached(message: bytes, part: Part) -> bool:
    """Whether a part is to be kept as a file, not shown (RFC 2183)."""
    return _DISPOSITION.search(message, part.start, part.body) is not None


class _Walk:
    """One pass over the lines that begin with two hyphens."""

    def __init__(self, message: bytes, root: Part) -> None:
        self.message = message
        self.parts = [root]
        self._open = [0]
        self._levels = {root.boundary: 0}
        self._child: int | None = None
        self._position = max(root.body - 2, 0)

    def run(self) -> bool:
        """Find every part; False when a budget was exceeded."""
        message = self.message
        at = message.find(b"\r\n--", self._position)
        while at != -1 and self._open:
            end = message.find(b"\r\n", at + 2)
            end = len(message) if end < 0 else end
            token = message[at + 4 : min(end, at + 4 + _DELIMITER_LIMIT)].rstrip(b" \t")
            if not self._delimiter(token, at, end):
                return False
            at = message.find(b"\r\n--", self._position if self._position > at else end)
        return True

    def _delimiter(self, token: bytes, at: int, end: int) -> bool:
        level = self._levels.get(token)
        if level is not None:
            self._close(level, at)
            return self._begin(level, min(end + 2, len(self.message)))
        if token.endswith(b"--") and (level := self._levels.get(token[:-2])) is not None:
            self._close(level, at)
            if level:
                self.parts[self._open[level]].stop = end
            self._leave(level)
        return True

    def _close(self, level: int, at: int) -> None:
        """End whatever is open inside the multipart of this level."""
        if self._child is not None:
            self._end(self._child, at)
            self._child = None
        while len(self._open) > level + 1:
            self._end(self._open[-1], at)
            self._leave(len(self._open) - 1)

    def _end(self, index: int, at: int) -> None:
        part = self.parts[index]
        part.stop = max(at, part.start)
        part.body = min(part.body, part.stop)

    def _leave(self, level: int) -> None:
        """Forget the boundary of a level; what follows its last delimiter is epilogue."""
        index = self._open.pop(level)
        self._levels.pop(self.parts[index].boundary, None)

    def _begin(self, level: int, start: int) -> bool:
        parent = self._open[level]
        if len(self.parts) >= PARTS_LIMIT or level + 1 >= DEPTH_LIMIT:
            return False
        digest = self.parts[parent].type == b"multipart/digest"
        part = _part(self.message, start, parent, level + 1, b"message/rfc822" if digest else b"text/plain")
        self.parts.append(part)
        self._position = max(part.body - 2, start - 2)
        if part.boundary and part.boundary not in self._levels:
            self._open.append(len(self.parts) - 1)
            self._levels[part.boundary] = level + 1
        else:
            part.boundary = b""
            self._child = len(self.parts) - 1
        return True


def _part(message: bytes, start: int, parent: int, depth: int, default: bytes) -> Part:
    """Read the header section of a part; an interrupted or too long one ends early."""
    head, body = b"", start
    if message[start : start + 2] == b"\r\n":
        body = start + 2
    elif (gap := message.find(b"\r\n\r\n", start, start + PART_HEAD_LIMIT)) >= 0:
        head, body = message[start : gap + 2], gap + 4
        if (interrupted := head.find(b"\r\n--")) >= 0 and parent >= 0:
            head, body = head[: interrupted + 2], start + interrupted + 2
    kind, boundary = _content_type(head, default)
    encoding = _ENCODING.search(head)
    return Part(start, body, len(message), parent, depth, kind, encoding[1].lower() if encoding else b"7bit", boundary)


def _content_type(head: bytes, default: bytes) -> tuple[bytes, bytes]:
    """Return the type and, of a multipart, its boundary."""
    found = _TYPE.search(head)
    if found is None:
        return default, b""
    value = unfold(found[1])
    kind = value.partition(b";")[0].strip().lower() or default
    if not kind.startswith(b"multipart/"):
        return kind, b""
    boundary = _BOUNDARY.search(value)
    if boundary is None:
        return kind, b""
    return kind, boundary[2] if boundary[1] is None else _ESCAPED.sub(rb"\1", boundary[1])
