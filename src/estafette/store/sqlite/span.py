"""What a question at the counters covers: stretches of the two tables, and conditions on values and measures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from estafette.store.interface.statistics import DAY, HOUR, JOINT
from estafette.store.sqlite.statements import sql

_FILE = "statistics.sql"


class Piece(msgspec.Struct, frozen=True):
    """A stretch of one table: [start, end) in its own unit."""

    table: Literal["hours", "days"]
    start: int
    end: int


def pieces(since: int, until: int, *, whole_days: bool) -> list[Piece]:
    """Return what covers [since, until), unix seconds at full hours, with as few rows as there are."""
    if since >= until:
        return []
    first, last = -(-since // DAY), until // DAY
    if not whole_days or first >= last:
        return [Piece("hours", since // HOUR, until // HOUR)]
    edges = [
        Piece("hours", since // HOUR, first * DAY // HOUR),
        Piece("days", first, last),
        Piece("hours", last * DAY // HOUR, until // HOUR),
    ]
    return [piece for piece in edges if piece.start < piece.end]


def condition(values: Sequence[str], first: str, measures: Sequence[str]) -> tuple[str, list[str]]:
    """Return the text of a condition and what is bound in it. first: of pairs, the half before the joint."""
    parts, bound = [], list[str]()
    if values:
        parts.append(sql("of_values", len(values), _FILE))
        bound += values
    if first:
        parts.append(sql("of_first_half", file=_FILE))
        bound += [first + JOINT, first + chr(ord(JOINT) + 1)]
    if measures:
        parts.append(sql("of_measures", len(measures), _FILE))
        bound += measures
    return " ".join(parts), bound
