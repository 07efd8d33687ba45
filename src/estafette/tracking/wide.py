"""Texts in UTF-16 and UTF-32: read as UTF-8, written back as they came."""

from __future__ import annotations

from collections.abc import Sequence

from estafette.tracking.edit import Edit
from estafette.tracking.transfer import Change, Transfer


class Wide:
    """A text of wide characters within a transfer encoding. text: as UTF-8."""

    def __init__(self, inner: Transfer, text: str, codec: str) -> None:
        self.text = text.encode()
        self._inner = inner
        self._codec = codec

    @classmethod
    def read(cls, inner: Transfer, codec: str) -> Wide | None:
        """Decode; None when writing it again would not give the same octets."""
        try:
            text = inner.text.decode(codec)
            return cls(inner, text, codec) if text.encode(codec) == inner.text else None
        except UnicodeError:
            return None

    def edits(self, changes: Sequence[Change]) -> list[Edit]:
        """Return the edits of the message."""
        made, place, at = [], 0, 0
        for change in changes:
            start = place + self._size(at, change.start)
            place = start + self._size(change.start, change.stop)
            at = change.stop
            made.append(Change(start, place, change.text.decode().encode(self._codec), breakable=False))
        return self._inner.edits(made)

    def _size(self, start: int, stop: int) -> int:
        return len(self.text[start:stop].decode().encode(self._codec))
