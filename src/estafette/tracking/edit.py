"""Edits of a message: spans of its octets and what stands there instead; applied in memory or while it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import msgspec


class Edit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Octets from ``start`` to ``stop`` become ``text``; edits of one message are in their order and never overlap."""

    start: int
    stop: int
    text: bytes


def growth(edits: Sequence[Edit]) -> int:
    """Return how many octets longer a message becomes."""
    return sum(len(edit.text) - (edit.stop - edit.start) for edit in edits)


def applied(octets: bytes, edits: Sequence[Edit], offset: int = 0) -> bytes:
    """Return edited octets. offset: where they begin in the message that the edits are of."""
    pieces: list[bytes] = []
    at = 0
    for edit in edits:
        pieces += (octets[at : edit.start - offset], edit.text)
        at = edit.stop - offset
    pieces.append(octets[at:])
    return b"".join(pieces)


def streamed(file: BinaryIO, edits: Sequence[Edit], piece: int, at: int = 0) -> Iterator[bytes]:
    """Yield the edited message of a file, with at most ``piece`` octets of it in memory. at: offset to begin with."""
    for edit in edits:
        yield from _span(file, at, edit.start, piece)
        yield from (edit.text[place : place + piece] for place in range(0, len(edit.text), piece))
        at = edit.stop
    file.seek(at)
    while octets := file.read(piece):
        yield octets


def _span(file: BinaryIO, start: int, stop: int, piece: int) -> Iterator[bytes]:
    file.seek(start)
    while start < stop and (octets := file.read(min(piece, stop - start))):
        yield octets
        start += len(octets)
