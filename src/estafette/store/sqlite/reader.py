"""Reading spool.db: pure reads on a read-only connection, each statement a short transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import apsw
import msgspec

from estafette.model.message import Content, Delivery
from estafette.model.rule import Filter, Rule
from estafette.store.interface.spool import COUNTED, Feed, FeedSummary, Notice, Page, Quarantined, Taken
from estafette.store.sqlite.batch import TALLIES
from estafette.store.sqlite.database import open_reader
from estafette.store.sqlite.leases import shard_of
from estafette.store.sqlite.rows import Damaged, read_content, read_delivery, read_stub
from estafette.store.sqlite.selection import exception, teach, where
from estafette.store.sqlite.statements import run_many, sql

_T = TypeVar("_T")
_rule = msgspec.msgpack.Decoder(Rule).decode
_events = msgspec.msgpack.Decoder(list[bytes]).decode
#: Rows looked at in one read when rules leave some out.
STRETCH = 10_000
#: Octets of returned messages in one answer, but one message at least.
RETURNED = 32 << 20
#: Feeds summarised in one transaction.
FEEDS_AT_ONCE = 200
_BEFORE_ALL = (float("-inf"), 0, 0)


class Reader:
    """One read-only connection; not to be used by two threads at once. ``damaged`` hears of each bad row."""

    def __init__(self, path: Path, damaged: Callable[[Damaged], None]) -> None:
        self._connection = open_reader(path)
        teach(self._connection)
        self._damaged = damaged

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def look(self, work: Callable[[apsw.Connection], _T]) -> _T:
        """Return what a reading finds that no method has."""
        return work(self._connection)

    def take(
        self,
        feed: Feed,
        until: float,
        after: tuple[float, int, int] | None,
        limit: int,
        exclude: Sequence[Rule],
    ) -> Taken:
        """Read one index range of a feed; with rules, of one stretch at most, so that no transaction is long."""
        where = (feed.lane, feed.egress, feed.priority, feed.tenant, until, *(after or _BEFORE_ALL))
        end = self._connection.execute(sql("take_stretch"), (*where, STRETCH)).fetchone() if exclude else None
        text, values = exception(exclude)
        if end is not None:
            text, values = f"{text} AND (due, message, number) <= (?, ?, ?)", [*values, *end]
        statement = sql("take").replace("/*except*/", text)
        rows = self._connection.execute(statement, (*where, *values, limit)).fetchall()
        last = (rows[-1][3], rows[-1][0], rows[-1][1]) if len(rows) == limit else end
        return Taken(self._deliveries(rows), cast("tuple[float, int, int] | None", last))

    def _deliveries(self, rows: Sequence[tuple[Any, ...]]) -> list[Delivery]:
        good = []
        for row in rows:
            try:
                good.append(read_delivery(row))
            except Damaged as damage:
                self._damaged(damage)
        return good

    def feeds(self, shards: Collection[int]) -> list[FeedSummary]:
        """Read the summary of every feed of some shards."""
        answer = []
        last: tuple[Any, ...] = ("", "", -1, "")
        while True:
            rows: list[tuple[Any, ...]] = self._connection.execute(
                sql("feeds"), (*last, FEEDS_AT_ONCE, COUNTED)
            ).fetchall()
            for lane, egress, priority, tenant, due, count in rows:
                if shard_of(lane) in shards:
                    answer.append(FeedSummary(Feed(lane, egress, priority, tenant), count, due))
            if len(rows) < FEEDS_AT_ONCE:
                return answer
            last = rows[-1][:4]

    def waiting(self) -> dict[str, tuple[int, int]]:
        """Read (recipients, octets) that wait, by tenant: one look at every row."""
        rows = self._connection.execute(sql("waiting"))
        return {tenant: (count, octets) for tenant, count, octets in rows}

    def contents(self, ids: Sequence[int]) -> dict[int, Content]:
        """Read contents; a damaged one is reported and left out, the others are read one by one then."""
        try:
            rows = run_many(self._connection, "contents", [(each,) for each in ids])
        except (apsw.CorruptError, apsw.IOError) as error:
            if len(ids) == 1:
                self._damaged(Damaged(ids[0], 0, f"a page of the database is damaged: {error}"))
                return {}
            return {number: content for each in ids for number, content in self.contents([each]).items()}
        good = {}
        for row in rows:
            try:
                good[row[0]] = read_content(row)
            except Damaged as damage:
                self._damaged(damage)
        return good

    def find(self, selection: Filter, after: tuple[int, int] | None, limit: int) -> Page:
        """Read one page of deliveries."""
        text, values = where(selection)
        start = after or (0, 0)
        statement = sql("find").replace("/*where*/", text)
        rows = self._connection.execute(statement, (*start, *values, limit + 1)).fetchall()
        items = self._deliveries(rows[:limit])
        following = cast("tuple[int, int]", rows[limit - 1][:2]) if len(rows) > limit else None
        return Page(tuple(items), following)

    def rules(self) -> list[Rule]:
        """Read every rule."""
        return [_rule(blob) for (blob,) in self._connection.execute(sql("rules"))]

    def notices(self, now: float, limit: int) -> list[Notice]:
        """Read due notices, whole messages at a time."""
        return [Notice(*row) for row in self._connection.execute(sql("notices"), (now, limit))]

    def unread(self, limit: int, after: int) -> list[tuple[int, Content | None]]:
        """Read returned messages that nobody has read; None for one that does not hold what was written."""
        found: list[tuple[int, Content | None]] = []
        octets = 0
        for row in self._connection.execute(sql("unread"), (after, limit)):
            try:
                found.append((row[0], read_content(row)))
            except Damaged:
                found.append((row[0], None))
            octets += len(row[3])
            if octets > RETURNED:
                break
        return found

    def returned(self, ids: Sequence[int]) -> dict[int, Content]:
        """Read messages that came back; one that does not hold what was written is left out."""
        found = {}
        for row in run_many(self._connection, "returned", [(each,) for each in ids]):
            try:
                found[row[0]] = read_content(row)
            except Damaged:
                continue
        return found

    def returned_heads(self, ids: Sequence[int]) -> dict[int, Content]:
        """Read messages that came back without their bodies."""
        rows = run_many(self._connection, "returned_heads", [(each,) for each in ids])
        return {number: read_stub(head) for number, head in rows}

    def remembered(self, ids: Sequence[int]) -> dict[int, Content]:
        """Read what is known of messages, kept or not, without their bodies."""
        rows = run_many(self._connection, "late_heads", [(each,) for each in ids])
        return {number: read_stub(head) for number, head in rows}

    def outbox(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Read events after a position; the low 16 bits of a position count within one commit's row."""
        answer: list[tuple[int, bytes]] = []
        # The first row may lie before the position with all of its events.
        rows = self._connection.execute(sql("outbox"), ((after + 1) >> 16, limit + 1))
        for row, blob in rows:
            base = row << 16
            answer.extend((base | index, event) for index, event in enumerate(_events(blob)) if base | index > after)
            if len(answer) >= limit:
                break
        rows.close(force=True)
        return answer[:limit]

    def quarantined(self) -> list[Quarantined]:
        """Read what was set aside."""
        return [Quarantined(*row) for row in self._connection.execute(sql("quarantined"))]

    def counts(self) -> Mapping[str, int]:
        """Read the ledger's counters, and count the rows."""
        row = self._connection.execute(sql("read_tally")).fetchone() or ()
        queued = self._connection.execute(sql("count_rows")).fetchone() or (0,)
        return dict(zip(TALLIES, row, strict=True)) | {"queued": queued[0]}
