"""A list that comes from elsewhere is taken: streaming, in transactions of some size, with one line of the audit."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from estafette.base.errors import Fault
from estafette.store.interface.records import Suppression
from estafette.suppression.table import Bad, Table
from estafette.tenancy import streams
from estafette.tenancy.office import Office, Resource
from estafette.tenancy.suppressions import Wanted

#: Rows of one transaction, and wrong rows that are told one by one.
AT_ONCE = 2_000
TOLD = 20


class Importing:
    """One list for one tenant.

    stream: of rows that name none, "" = none of the tenant. told: called with the rows taken so far.
    """

    def __init__(
        self, office: Office, tenant: str, *, stream: str = "", source: str = "", told: Callable[[int], object] = id
    ) -> None:
        self._office = office
        self._owner = office.tenant(tenant).id
        if stream:
            streams.find(office, self._owner, stream)
        self._streams = {each.name for each in office.control.lists.streams([self._owner])}
        self._stream = stream
        self._source = source
        self._told: Callable[[int], object] = told
        self._taken = self._added = self._refused = 0
        self._bad: list[Bad] = []
        self._some: list[Suppression] = []

    def take(self, lines: Iterable[str]) -> Resource:
        """Take a whole list; what is suppressed already keeps its entry. Fault when it is no list that we know."""
        table = Table(lines)
        try:
            for row in table.rows():
                self._row(row)
                if len(self._some) >= AT_ONCE:
                    self._write()
            self._write()
        finally:
            self._audit(table.form.name)
        bad = [{"line": each.line, "cause": each.cause} for each in self._bad]
        return {
            "tenant": self._owner, "form": table.form.name, "taken": self._taken, "added": self._added,
            "refused": self._refused, "first_refused": bad,
        }  # fmt: skip

    def _row(self, row: Wanted | Bad) -> None:
        if isinstance(row, Bad):
            self._refused += 1
            if len(self._bad) < TOLD:
                self._bad.append(row)
            return
        now = self._office.now()
        if row.expires is not None and row.expires <= now:
            return
        # A stream of elsewhere, or of before, is none of ours: who said no to it said no.
        stream = row.stream if row.stream in self._streams else self._stream
        fields = msgspec.structs.asdict(row) | {"created": row.created or now, "stream": stream}
        self._some.append(Suppression(tenant=self._owner, **fields))

    def _write(self) -> None:
        if self._some:
            self._added += self._office.control.stops.write(self._some, None, weak=True)
            self._taken += len(self._some)
            self._some = []
            self._told(self._taken)

    def _audit(self, form: str) -> None:
        detail = f"{self._taken} entries ({self._added} new, {self._refused} refused) of form {form}"
        named = f" from {self._source}" if self._source else ""
        entry = self._office.entry("suppression.import", tenant=self._owner, detail=detail + named)
        self._office.control.record(entry)


def lines_of(pieces: Iterable[bytes]) -> Iterable[str]:
    """Return the lines of a list in UTF-8, or in UTF-16 when it begins with its mark. Fault."""
    import codecs

    decoder: codecs.IncrementalDecoder | None = None
    rest = ""
    for piece in pieces:
        if decoder is None:
            wide = piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            decoder = codecs.getincrementaldecoder("utf-16" if wide else "utf-8")("replace")
        rest += decoder.decode(piece)
        *whole, rest = rest.splitlines(keepends=True) or [""]
        if len(rest) > 1 << 20:
            raise Fault("a line has no end", place="the list", fix="send a CSV file")
        yield from whole
    rest += decoder.decode(b"", final=True) if decoder is not None else ""
    yield from rest.splitlines(keepends=True)
