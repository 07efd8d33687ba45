"""Message ids: 63 bits that sort by time, shown as 13 characters.

Layout, high to low: 41 bits of milliseconds since 2020-01-01 UTC, 4 bits cell, 8 bits writer, 10 bits sequence.
Shown in Crockford's base32 (no I, L, O, U), always 13 characters, upper case.
"""

from __future__ import annotations

from collections.abc import Callable

EPOCH_MS = 1_577_836_800_000
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)
_VALUES = {c: i for i, c in enumerate(_ALPHABET)}
_VALUES.update({c.lower(): i for c, i in tuple(_VALUES.items())})
_VALUES.update({"o": 0, "O": 0, "i": 1, "I": 1, "l": 1, "L": 1})
_SEQUENCE_BITS = 10
_WRITER_BITS = 8
_CELL_BITS = 4
_LOW_BITS = _SEQUENCE_BITS + _WRITER_BITS + _CELL_BITS
_SEQUENCE_MASK = (1 << _SEQUENCE_BITS) - 1


def show(number: int) -> str:
    """Return the 13-character form of an id."""
    pairs = _PAIRS
    return (
        _ALPHABET[number >> 60 & 15]
        + pairs[number >> 50 & 1023]
        + pairs[number >> 40 & 1023]
        + pairs[number >> 30 & 1023]
        + pairs[number >> 20 & 1023]
        + pairs[number >> 10 & 1023]
        + pairs[number & 1023]
    )


def read(text: str) -> int:
    """Return the id that ``text`` shows; ValueError when it is not one."""
    if len(text) != 13:
        raise ValueError(f"an id has 13 characters, not {len(text)}")
    number = 0
    for character in text:
        try:
            number = number << 5 | _VALUES[character]
        except KeyError:
            raise ValueError(f"{character!r} does not occur in an id") from None
    if number >> 63:
        raise ValueError("an id has 63 bits")
    return number


def moment(number: int) -> float:
    """Return the second since 1970 at which an id was minted (to the millisecond)."""
    return ((number >> _LOW_BITS) + EPOCH_MS) / 1000


def first(at: float) -> int:
    """Return the smallest id that can be minted at a moment (unix seconds)."""
    return max(0, int(at * 1000) - EPOCH_MS) << _LOW_BITS


def writer(number: int) -> int:
    """Return the number of the process that minted an id."""
    return number >> _SEQUENCE_BITS & (1 << _WRITER_BITS) - 1


class Mint:
    """Makes ids of one writer, ever larger, also when the clock steps back.

    now: wall clock in seconds. floor: the largest id known to have been given out (the store's high-water mark).
    """

    def __init__(self, now: Callable[[], float], *, cell: int = 0, writer: int = 0, floor: int = 0) -> None:
        if not 0 <= cell < 1 << _CELL_BITS or not 0 <= writer < 1 << _WRITER_BITS:
            raise ValueError("cell or writer out of range")
        self._now = now
        self._node = (cell << _WRITER_BITS | writer) << _SEQUENCE_BITS
        self._tick = floor >> _LOW_BITS
        self._sequence = _SEQUENCE_MASK if floor else 0

    def next(self) -> int:
        """Return a new id; 1,024 per millisecond before it borrows from the next one."""
        tick = int(self._now() * 1000) - EPOCH_MS
        if tick > self._tick:
            self._tick = tick
            self._sequence = 0
        else:
            self._sequence += 1
            if self._sequence > _SEQUENCE_MASK:
                self._tick += 1
                self._sequence = 0
        return self._tick << _LOW_BITS | self._node | self._sequence
