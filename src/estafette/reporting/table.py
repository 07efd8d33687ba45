"""An answer as CSV: one row an item, then the notes. What a spreadsheet would take for a formula is defused.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return gets an apostrophe before it, unless it
is a number of ours (facts: reliability-security-standards W9; OWASP, CSV injection).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")

Cell = str | int | float | None


def written(answer: Mapping[str, Any]) -> str:
    """Return the CSV of an answer (RFC 4180, UTF-8); percentages stand only where the answer has them."""
    rows = [*answer["items"], {"start": "total", **answer["totals"]}] if answer["items"] else [answer["totals"]]
    labels = [*(["start", "local"] if answer["by"] else ["start"] if answer["items"] else []), *answer["group"]]
    measures = sorted({name for row in rows for name in row["counts"]})
    columns = [*labels, *measures, "time_to_250_p50", "time_to_250_p95"]
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow([*columns, *(f"{name}_{part}" for name in _rates(rows) for part in _PARTS)])
    for row in rows:
        table.writerow([defused(cell) for cell in _cells(row, labels, measures, _rates(rows))])
    table.writerows([defused(cell) for cell in note] for note in _notes(answer))
    return out.getvalue()


def defused(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet executes."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_DANGEROUS) else cell


_PARTS = ("numerator", "denominator", "percent", "low", "high", "withheld")


def _rates(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(rate["name"] for row in rows for rate in row["rates"]))


def _cells(
    row: Mapping[str, Any], labels: Sequence[str], measures: Sequence[str], rates: Sequence[str]
) -> Iterator[Cell]:  # fmt: skip
    for label in labels:
        yield row.get(label, "")
    for measure in measures:
        yield row["counts"].get(measure, 0)
    times = row["time_to_250"] or {}
    yield times.get("p50")
    yield times.get("p95")
    found = {rate["name"]: rate for rate in row["rates"]}
    for name in rates:
        rate = found.get(name)
        low, high = (rate["interval"] if rate else None) or (None, None)
        values = {**(rate or {}), "low": low, "high": high}
        yield from (values.get(part) for part in _PARTS)


def _notes(answer: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    """Say how the numbers came about: a table that is passed on must not lose it."""
    yield "note", f"{answer['since']} to {answer['until']}, {answer['timezone']}, from {answer['source']}"
    for name, formula in answer["formulas"].items():
        yield "note", f"{name} = {formula}"
    for each in answer["methods"]:
        yield "note", f"method {each['method']} since {each['since']}"
    for text in answer["notes"]:
        yield "note", text
