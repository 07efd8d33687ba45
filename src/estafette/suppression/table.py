"""Reading and writing lists as CSV, a line at a time: a list of millions needs the memory of one row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from estafette.base import ids
from estafette.base.errors import Fault
from estafette.mail.quote import one_line
from estafette.model.address import AddressError
from estafette.store.interface.records import Suppression
from estafette.suppression.forms import Form, forms, plain, recognise
from estafette.tenancy.office import moment
from estafette.tenancy.suppressions import REASON_LENGTH, Wanted, key_of

COLUMNS = ("address", "stream", "reason", "created", "expires", "event", "message", "reply", "observed")
#: Characters of a reply that are kept, and of a line that is read.
REPLY = 512
LINE = 16_384
#: A cell that begins so would be a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_DATES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%d-%m-%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M")


class Bad(msgspec.Struct, frozen=True):
    """A row that is no suppression. line: its number, from 1."""

    line: int
    cause: str


class Table:
    """One list. lines: of text; form: found in the first line, which may be an address already."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        first = next(self._lines, "").lstrip("\ufeff")
        self._delimiter = max(",;\t", key=first[:LINE].count) if first else ","
        names = next(csv.reader([first[:LINE]], delimiter=self._delimiter), [])
        form = recognise(names)
        self._names = [plain(name) for name in names]
        self._read = 1
        if form is None:
            if not (names and "@" in names[0]):
                raise Fault(
                    "the first line names no column of addresses", place="line 1",
                    fix=f"known are the lists of {', '.join(sorted({each.name for each in forms()}))}",
                )  # fmt: skip
            form = next(each for each in forms() if each.name == "addresses")
            self._names, self._lines, self._read = [form.address], _joined(first, self._lines), 0
        self.form: Form = form

    def rows(self) -> Iterator[Wanted | Bad]:
        """Return what each row says, in order; rows that tell of no suppression are passed over."""
        reader = csv.reader(self._short(), delimiter=self._delimiter)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Bad(self._read, str(error))
                continue
            if not any(cells):
                continue
            found = self._row(dict(zip(self._names, map(_cell, cells), strict=False)))
            if found is not None:
                yield found

    def _short(self) -> Iterator[str]:
        for line in self._lines:
            self._read += 1
            yield line if len(line) <= LINE else line[:LINE]

    def _row(self, row: Mapping[str, str]) -> Wanted | Bad | None:
        form = self.form
        reason = form.reason_of(row)
        if not reason:
            return None
        if len(reason) > REASON_LENGTH or not reason.isprintable():
            return Bad(self._read, "the reason is too long, or has control characters")
        try:
            return Wanted(
                address=key_of(row.get(form.address, "").strip()),
                stream=row.get(form.stream, "").strip(), reason=reason,
                created=_moment(row.get(form.created, "")), expires=_moment(row.get(form.expires, "")) or None,
                event=_id(row.get(form.event, "")), message=_id(row.get(form.message, "")),
                reply=one_line(f"{row.get(form.status, '')} {row.get(form.reply, '')}".strip(), REPLY),
                observed=_moment(row.get(form.observed, "")),
            )  # fmt: skip
        except AddressError as error:
            return Bad(self._read, str(error))
        except ValueError as error:
            return Bad(self._read, str(error)[:200])


def written(entries: Iterable[Suppression]) -> Iterator[str]:
    """Return the lines of a list, which ``Table`` reads; those of persons known by a hash alone are left out."""
    yield _line(COLUMNS)
    for each in entries:
        if "@" in each.address:
            yield _line([
                each.address, each.stream, each.reason, moment(each.created) or "", moment(each.expires) or "",
                ids.show(each.event) if each.event else "", ids.show(each.message) if each.message else "",
                each.reply, moment(each.observed) or "",
            ])  # fmt: skip


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return line.getvalue()


def _cell(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


def _joined(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _id(text: str) -> int:
    return ids.read(text.strip()) if text.strip() else 0


def _moment(text: str) -> float:
    """Return unix seconds of what lists write: seconds, ISO 8601, or a date with a time; 0 for nothing."""
    text = text.strip()
    if not text or text.isdecimal():
        return float(text[:12] or 0)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = _other(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _other(text: str) -> datetime:
    for form in _DATES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError(f"{text[:40]!r} is no moment")
