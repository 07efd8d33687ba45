"""Transfer encodings (RFC 2045 section 6): texts of parts, edited so that the rest stays as it was encoded."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from estafette.mail.fixups import overlong
from estafette.tracking.edit import Edit, applied

#: Characters of a line of quoted-printable, without the ``=`` that continues it.
_ROW = 75
_PRINTABLE = bytes(range(32, 127))
_UNSAFE = re.compile(rb"[^ -<>-~]")


class Change(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Octets of a decoded text from ``start`` to ``stop`` become ``text``.

    breakable: lines may be broken before and behind it, where they would get too long.
    """

    start: int
    stop: int
    text: bytes
    breakable: bool = True


class Transfer(Protocol):
    """One text within a message. text: decoded."""

    text: bytes

    def edits(self, changes: Sequence[Change]) -> list[Edit]:
        """Return the edits of the message that make these changes, [] when they cannot be made."""
        ...


def opened(message: bytes, start: int, stop: int, encoding: bytes) -> Transfer | None:
    """Return a text by its place in the message; None for an encoding that is unknown or not kept to."""
    octets = message[start:stop]
    if encoding in {b"7bit", b"8bit", b"binary"}:
        return Plain(octets, start)
    if encoding == b"quoted-printable":
        return Quoted.read(octets, start)
    if encoding == b"base64":
        return Base64.read(octets, start)
    return None


class Plain:
    """A text as it is."""

    def __init__(self, text: bytes, start: int) -> None:
        self.text = text
        self._start = start

    def edits(self, changes: Sequence[Change]) -> list[Edit]:
        """Lines above 998 octets (RFC 5322 section 2.1.1) are broken at the changes, where a blank means nothing."""
        made = self._made(changes, b"")
        if not overlong(applied(self.text, made, self._start)):
            return made
        made = self._made(changes, b"\r\n")
        return [] if overlong(applied(self.text, made, self._start)) else made

    def _made(self, changes: Sequence[Change], around: bytes) -> list[Edit]:
        at = self._start
        return [
            Edit(at + each.start, at + each.stop, around + each.text + around if each.breakable else each.text)
            for each in changes
        ]


class Quoted:
    """Quoted-printable: only the changed octets are encoded anew, between soft line breaks."""

    def __init__(self, octets: bytes, start: int, text: bytes) -> None:
        self.text = text
        self._octets = octets
        self._start = start
        self._known: dict[tuple[int, int], tuple[int, int]] = {}

    @classmethod
    def read(cls, octets: bytes, start: int) -> Quoted | None:
        """Decode; None when something in it is not as RFC 2045 writes it, so that readers may differ."""
        if octets.endswith(b"=") or not octets.count(b"\r") == octets.count(b"\n") == octets.count(b"\r\n"):
            return None
        text = binascii.a2b_qp(octets)
        # Each escape is two octets longer than what it means, a soft line break three; what is neither would stay.
        length = len(octets) - 2 * octets.count(b"=") - octets.count(b"=\r\n")
        return cls(octets, start, text) if len(text) == length else None

    def edits(self, changes: Sequence[Change]) -> list[Edit]:
        """Return one edit for each change."""
        octets, made = self._octets, list[Edit]()
        reached, width = -1, 0
        for change, (start, stop) in zip(changes, self._spans(changes), strict=True):
            begin = octets.rfind(b"\n", 0, start) + 1
            end = octets.find(b"\r\n", stop)
            column = start - begin if begin > reached else width + start - reached
            written = _soft(_escaped(change.text), column, (end if end >= 0 else len(octets)) - stop)
            made.append(Edit(self._start + start, self._start + stop, written))
            broken = written.rfind(b"\n")
            reached, width = stop, len(written) - broken - 1 if broken >= 0 else column + len(written)
        return made

    def _spans(self, changes: Sequence[Change]) -> Iterator[tuple[int, int]]:
        """Yield where the changes lie among the octets; what was found once is not sought again."""
        at = place = 0
        for change in changes:
            span = self._known.get((change.start, change.stop))
            if span is None:
                start = self._reached(place, change.start - at)
                span = start, self._reached(start, change.stop - change.start)
                self._known[change.start, change.stop] = span
            at, place = change.stop, span[1]
            yield span

    def _reached(self, place: int, left: int) -> int:
        """Return the place so many octets of the text behind another: what escapes take is gone on with."""
        octets = self._octets
        while left:
            end = place + left
            left = 2 * octets.count(b"=", place, end) + octets.count(b"=\r\n", place, end + 2)
            place = end
        return place


class Base64:
    """Base64: encoded anew with lines of the same length, so that lines before the first change stay as they were."""

    def __init__(self, text: bytes, start: int, length: int, row: int) -> None:
        self.text = text
        self._start = start
        self._length = length
        self._row = row

    @classmethod
    def read(cls, octets: bytes, start: int) -> Base64 | None:
        """Decode; None when encoding it again would not give the same octets."""
        octets = octets.rstrip(b"\r\n")
        row = octets.find(b"\r\n")
        row = len(octets) if row < 0 else row
        if not row or row % 4:
            return None
        try:
            text = binascii.a2b_base64(octets)
        except binascii.Error:
            return None
        return cls(text, start, len(octets), row) if _wrapped(text, row) == octets else None

    def edits(self, changes: Sequence[Change]) -> list[Edit]:
        """Return one edit, from the line of the first change to the end."""
        if not changes:
            return []
        first = changes[0].start * 4 // 3 // self._row
        begin = first * self._row // 4 * 3
        text = applied(self.text, [Edit(each.start, each.stop, each.text) for each in changes])
        start = self._start + first * (self._row + 2)
        return [Edit(start, self._start + self._length, _wrapped(text[begin:], self._row))]


def _wrapped(text: bytes, row: int) -> bytes:
    letters = binascii.b2a_base64(text, newline=False)
    return b"\r\n".join([letters[at : at + row] for at in range(0, len(letters), row)])


def _escaped(text: bytes) -> bytes:
    """Return octets as quoted-printable on one line."""
    if text.translate(None, _PRINTABLE):
        return _UNSAFE.sub(lambda found: b"=%02X" % ord(found[0]), text)
    return text.replace(b"=", b"=3D")


def _soft(text: bytes, column: int, tail: int) -> bytes:
    """Return encoded text with soft line breaks, so that lines keep to 76 characters.

    column: what stands before it on its line; tail: what follows on the last.
    """
    if column + len(text) + tail <= _ROW:
        return text
    pieces, at, room = [], 0, max(_ROW - column, 0)
    while len(text) - at > room and text.find(b"=", at) >= 0:
        end = at + room
        escape = text.rfind(b"=", max(end - 2, at), end)
        end = escape if escape >= 0 else end
        pieces.append(text[at:end])
        at, room = end, _ROW
    pieces.append(text[at : at + room])
    pieces += [text[row : row + _ROW] for row in range(at + room, len(text), _ROW)]
    if len(pieces[-1]) + tail > _ROW:
        pieces.append(b"")
    return b"=\r\n".join(pieces)
