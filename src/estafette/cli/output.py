"""How a verb answers: one JSON document, or lines and tables; errors as cause, place, fix."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from estafette.base.errors import Fault
from estafette.cli.call import call

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(text: object) -> str:
    """Return text without control characters: what a peer wrote must not drive the terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(text))


def document(value: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


def resource(value: Mapping[str, Any]) -> None:
    """Print one thing: a JSON object, or a line for each field."""
    if call.json:
        document(value)
        return
    width = max((len(key) for key in value), default=0)
    for key, inner in value.items():
        print(f"{key:<{width}}  {_cell(inner)}")


def listing(items: Iterable[Mapping[str, Any]], columns: Sequence[str], following: str | None = None) -> None:
    """Print a list: ``{"items", "next"}``, or a table of the named columns."""
    rows = list(items)
    if call.json:
        document({"items": rows, "next": following})
        return
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for row in [[column.upper().replace("_", " ") for column in columns], *cells]:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    if following:
        print(f"more: --after {following}")


def failure(fault: Fault, others: Sequence[Fault] = ()) -> None:
    """Print an error on stderr: cause, place, fix."""
    faults = [fault, *others]
    if call.json:
        told = [{"cause": each.cause, "place": each.place, "fix": each.fix} for each in faults]
        value: dict[str, Any] = {"error": told[0]}
        if others:
            value["errors"] = told
        print(json.dumps(value, ensure_ascii=False), file=sys.stderr)
        return
    for each in faults:
        print(f"error: {plain(each.cause)}", file=sys.stderr)
        for name, text in (("place", each.place), ("fix", each.fix)):
            if text:
                print(f"  {name}: {plain(text)}", file=sys.stderr)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_cell(item) for item in value) or "-"
    if isinstance(value, dict):
        return " ".join(f"{key}={_cell(inner)}" for key, inner in value.items())
    return plain(value)


def records(lines: Iterable[Mapping[str, Any]]) -> None:
    """Print DNS records in blocks: keys are longer than a screen is wide, and people copy them from here."""
    for line in lines:
        verdict = "" if line.get("ok") is None else "  found" if line["ok"] else "  MISSING OR DIFFERENT"
        print(f"\n{line['purpose']}{verdict}")
        print(f"  {line['type']:<5}  {plain(line['name'])}")
        print(f"  value  {plain(line['value'])}")
        if line.get("ok") is False:
            print(f"  found  {_cell(line['found'])}")


def page(answer: Mapping[str, Any], columns: Sequence[str]) -> None:
    """Print a list that a service answered in the contract's form."""
    listing(answer["items"], columns, answer["next"])
