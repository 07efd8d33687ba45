"""A statement on paper: as CSV for a spreadsheet, as a page that can be printed, in English and French."""

from __future__ import annotations

import csv as tables
import io
from collections.abc import Mapping
from html import escape
from typing import Any

from estafette.tenancy.statements import NOTE

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Usage statement", "to": "until before", "stream": "Stream", "recipients": "Recipients",
        "units": "Units", "free": "Free", "plan": "Plan", "pack": "Packs", "overage": "Beyond the plan",
        "excess": "Not charged", "total": "Total", "line": "Line", "quantity": "Quantity", "price": "Price each",
        "amount": "Amount", "open": "This month is not over yet.",
    },
    "fr": {
        "title": "Relevé de consommation", "to": "jusqu'avant", "stream": "Flux", "recipients": "Destinataires",
        "units": "Unités", "free": "Gratuites", "plan": "Forfait", "pack": "Packs", "overage": "Hors forfait",
        "excess": "Non facturées", "total": "Total", "line": "Ligne", "quantity": "Quantité",
        "price": "Prix unitaire", "amount": "Montant", "open": "Ce mois n'est pas terminé.",
    },
}  # fmt: skip
_COUNTS = ("recipients", "units", "free", "plan", "pack", "overage", "excess")
_LINE = ("kind", "text", "quantity", "price", "currency", "amount")
#: A spreadsheet runs a cell that begins so.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:50em;margin:2em auto;color:#111}
table{border-collapse:collapse;width:100%;margin:1.5em 0}td,th{padding:.3em .6em;text-align:right;
border-bottom:1px solid #ccc}td:first-child,th:first-child{text-align:left}@media print{body{margin:0}}"""


def csv(statement: Mapping[str, Any]) -> str:
    """Return a statement as CSV: a row for each stream, for the total, for each line, for each sum, and the note."""
    text = io.StringIO()
    out = tables.writer(text)
    out.writerow(["section", *_COUNTS, *_LINE])
    for row in statement["streams"]:
        out.writerow([_cell(f"stream {row['stream']}"), *(row[name] for name in _COUNTS)])
    out.writerow(["total", *(statement["totals"][name] for name in _COUNTS)])
    empty = [""] * len(_COUNTS)
    for line in statement["lines"]:
        out.writerow(["line", *empty, *(_cell(line[name]) for name in _LINE)])
    for currency, amount in statement["amounts"].items():
        out.writerow(["sum", *empty, "", "", "", "", currency, amount])
    out.writerow([NOTE["en"]])
    return text.getvalue()


def page(statement: Mapping[str, Any], language: str = "en") -> str:
    """Return a statement as a page that stands alone: no script, nothing fetched from elsewhere."""
    words = _WORDS.get(language, _WORDS["en"])
    head = "".join(f"<th>{escape(words[name])}</th>" for name in ("stream", *_COUNTS))
    rows = [_row([row["stream"], *(row[name] for name in _COUNTS)]) for row in statement["streams"]]
    rows.append(_row([words["total"], *(statement["totals"][name] for name in _COUNTS)]))
    money = "".join(f"<th>{escape(words[name])}</th>" for name in ("line", "quantity", "price", "amount"))
    lines = [
        _row([
            f"{words.get(line['kind'], line['kind'])}: {line['text']}", line["quantity"],
            f"{line['price']} {line['currency']}", f"{line['amount']} {line['currency']}",
        ])
        for line in statement["lines"]
    ]  # fmt: skip
    lines += [_row([words["total"], "", "", f"{sums} {name}"]) for name, sums in statement["amounts"].items()]
    unfinished = f"<p>{escape(words['open'])}</p>" if statement["status"] == "open" else ""
    title = f"{words['title']}: {statement['name']}"
    return (
        f'<!doctype html>\n<html lang="{escape(language)}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"<p>{escape(str(statement['start']))} {escape(words['to'])} {escape(str(statement['end']))} "
        f"({escape(str(statement['timezone']))})</p>{unfinished}"
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f"<table><thead><tr>{money}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
        f"<p><strong>{escape(NOTE.get(language, NOTE['en']))}</strong></p></body></html>\n"
    )


def _row(cells: list[object]) -> str:
    return f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
