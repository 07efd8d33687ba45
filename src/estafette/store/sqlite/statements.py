"""The named statements of ``queries.sql``, widened to the number of rows at hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from itertools import chain
from typing import Any

import apsw

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_EACH = re.compile(r"/\*each\*/(.*?)/\*end\*/", re.DOTALL)
#: Rows of the widest statement. Every width up to it is a statement of its own that stays prepared: one step for a
#: batch instead of one for each power of two, and each step is a fight for the interpreter's lock.
WIDEST = 64


def script(name: str) -> str:
    """Return a whole .sql file of this folder."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _all(file: str) -> dict[str, str]:
    parts = _NAME.split(script(file))
    return {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


@cache
def sql(name: str, rows: int = 1, file: str = "queries.sql") -> str:
    """Return one named statement, its repeated part written ``rows`` times."""
    return _EACH.sub(lambda match: ",".join([match[1]] * rows), _all(file)[name])


def run_many(
    connection: apsw.Connection,
    name: str,
    rows: Sequence[Sequence[Any]],
    *before: Any,
    file: str = "queries.sql",
) -> list[tuple[Any, ...]]:
    """Run a widened statement over all rows, in as few steps as possible; return what they answered."""
    answer: list[tuple[Any, ...]] = []
    for start in range(0, len(rows), WIDEST):
        part = rows[start : start + WIDEST]
        answer.extend(connection.execute(sql(name, len(part), file), (*before, *chain.from_iterable(part))))
    return answer
