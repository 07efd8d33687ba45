"""``Stops`` over SQLAlchemy Core."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
import pysqlite3
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    tuple_,
    update,
)  # fmt: skip

from estafette.base.log import get
from estafette.store.interface.records import AuditEntry, Suppression
from estafette.store.interface.stops import Key, Search, SoftBounces
from estafette.store.tables.books import TableBooks
from estafette.store.tables.definitions.credentials import SOFT_BOUNCE, SUPPRESSION
from estafette.store.tables.definitions.metadata import CHANGE
from estafette.store.tables.definitions.service import TOMBSTONE
from estafette.store.tables.definitions.tenants import STREAM, TENANT
from estafette.store.tables.engine import place_of
from estafette.store.tables.rows import columns, read_all, same
from estafette.store.tables.suppressed import WILD, Entry
from estafette.store.tables.transactions import Tables, bury, counters

READER = "suppression"
COUNTER = "suppression"
_AT_ONCE = 1_000
#: Rows that are read before they are handed on.
_ROWS = 10_000
_LOOK_UP = "SELECT stream, reason FROM suppression WHERE tenant = ? AND address = ?"
_log = get("store.stops")

T = TypeVar("T")


class TableBench:
    """Implements ``Bench`` on the connection of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._places = TableBooks(connection)

    def position(self) -> int:
        """See ``Bench``."""
        return self._places.position(READER)

    def move(self, position: int) -> None:
        """See ``Bench``."""
        self._places.move(READER, position)

    def streams(self, tenants: Collection[str]) -> Mapping[str, Collection[str]]:
        """See ``Bench``."""
        found: dict[str, set[str]] = {}
        for some in _chunks(tenants):
            there = select(TENANT.c.id).where(TENANT.c.id.in_(some))
            found |= {name: set() for name in self._connection.execute(there).scalars()}
            query = select(STREAM.c.tenant, STREAM.c.name).where(STREAM.c.tenant.in_(some))
            for tenant, name in self._connection.execute(query):
                found[tenant].add(name)
        return found

    def known(self, keys: Collection[Key]) -> Mapping[Key, Suppression]:
        """See ``Bench``."""
        found: dict[Key, Suppression] = {}
        for some in _chunks(keys):
            query = select(SUPPRESSION).where(_among(SUPPRESSION, some))
            found |= {key_of(each): each for each in read_all(self._connection, query, Suppression)}
        return found

    def soft(self, keys: Collection[Key]) -> Mapping[Key, SoftBounces]:
        """See ``Bench``. Almost nobody has any: the table is asked about nobody while it is empty."""
        table = SOFT_BOUNCE.c
        found: defaultdict[Key, dict[tuple[str, int], int]] = defaultdict(dict)
        if not keys or self._connection.execute(select(table.day).limit(1)).scalar() is None:
            return found
        for some in _chunks(keys):
            rows = select(table.tenant, table.stream, table.address, table.rule, table.day, table.count)
            for *key, rule, day, count in self._connection.execute(rows.where(_among(SOFT_BOUNCE, some))):
                found[Key(*key)][rule, day] = count
        return found

    def put(self, entries: Sequence[Suppression]) -> None:
        """See ``Bench``."""
        if entries:
            _step(self._connection)
            put(self._connection, entries)

    def remove(self, keys: Collection[Key]) -> None:
        """See ``Bench``."""
        if keys:
            _step(self._connection)
        for some in _chunks(keys):
            bury(self._connection, SUPPRESSION, _among(SUPPRESSION, some), counter=COUNTER)

    def put_soft(self, counts: Mapping[Key, SoftBounces]) -> None:
        """See ``Bench``."""
        for some in _chunks(counts):
            self._connection.execute(delete(SOFT_BOUNCE).where(_among(SOFT_BOUNCE, some)))
        rows = [
            {**key._asdict(), "rule": rule, "day": day, "count": count}
            for key, days in counts.items()
            for (rule, day), count in days.items()
        ]
        if rows:
            self._connection.execute(insert(SOFT_BOUNCE), rows)


class StopTables(Tables):
    """Implements ``Stops``."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._lock = threading.Lock()
        self._connection: Any = None

    @contextmanager
    def bench(self) -> Iterator[TableBench]:
        """See ``Stops``. The counter of suppressions steps only when one is written."""
        with self.counting() as connection:
            yield TableBench(connection)

    def position(self) -> int:
        """See ``Stops``."""
        with self.counting() as connection:
            return TableBench(connection).position()

    def find(self, tenant: str, addresses: Collection[str]) -> Sequence[Suppression]:
        """See ``Stops``."""
        table = SUPPRESSION.c
        query = select(SUPPRESSION).where(table.tenant == tenant, table.address.in_(addresses))
        return self.list_rows(query, Suppression)

    def search(self, search: Search) -> tuple[int, Sequence[Suppression]]:
        """See ``Stops``."""
        chosen = _chosen(search)
        column = SUPPRESSION.c[search.order]
        order = (column.desc(), SUPPRESSION.c.address.desc()) if search.descending else (column, SUPPRESSION.c.address)
        query = select(SUPPRESSION).where(*chosen).order_by(*order).limit(search.limit).offset(search.offset)
        with self.reading() as connection:
            count = connection.execute(select(func.count()).select_from(SUPPRESSION).where(*chosen)).scalar_one()
            return count, read_all(connection, query, Suppression)

    def count(self) -> int:
        """See ``Stops``."""
        with self.reading() as connection:
            return connection.execute(select(func.count()).select_from(SUPPRESSION)).scalar_one()

    def write(self, entries: Sequence[Suppression], entry: AuditEntry | None, *, weak: bool = False) -> int:
        """See ``Stops``."""
        with self.changing(entry, COUNTER) as connection:
            return put(connection, entries, weak=weak)

    def remove(self, keys: Sequence[Key], entry: AuditEntry | None) -> int:
        """See ``Stops``."""
        with self.changing(entry, COUNTER) as connection:
            return sum(
                bury(connection, SUPPRESSION, _among(SUPPRESSION, some), counter=COUNTER) for some in _chunks(keys)
            )

    def look_up(self, tenant: str, address: str) -> tuple[Entry, ...]:
        """Return stream and reason of the entries of one address; for the hot path. StoreUnavailable.

        On SQLite by a connection of its own without SQLAlchemy, whose part of such a look-up is nine tenths.
        """
        if self.engine.dialect.name == "sqlite":
            try:
                with self._lock:
                    return tuple(self._plain().execute(_LOOK_UP, (tenant, address)).fetchall())
            except pysqlite3.Error as error:
                with self._lock:
                    self._connection = None
                _log.warning("look_up_failed", cause=str(error))
        return tuple((each.stream, each.reason) for each in self.find(tenant, [address]))

    def news(self, since: int) -> tuple[int, Iterator[tuple[str, str]], list[tuple[str, str]]]:
        """Return the counter now, tenant and address of every entry written after a version, and of those removed.

        The first are read as they are walked through, in one reading.
        """
        table, grave = SUPPRESSION.c, TOMBSTONE.c
        removed = select(grave.key).where(grave.kind == SUPPRESSION.name, grave.version > since)
        with self.reading() as connection:
            version = counters(connection).suppression
            keys = connection.execute(removed).scalars().all() if since else ()
        gone = [(key[0], key[2]) for key in (msgspec.json.decode(each, type=tuple[str, ...]) for each in keys)]
        query = select(table.tenant, table.address)
        return version, self._walk(query.where(table.version > since) if since else query), gone

    def special(self) -> tuple[list[str], list[str]]:
        """Return the tenants with entries of persons known by a hash alone, and those with entries of whole domains."""
        table = SUPPRESSION.c
        found = []
        with self.reading() as connection:
            for pattern in ("person:%", f"{WILD}%"):
                some = or_(table.address.like(text("'person:%'")), table.address.like(text("'*@%'")))
                query = select(table.tenant).distinct().where(some, table.address.like(pattern))
                found.append(list(connection.execute(query).scalars()))
        return found[0], found[1]

    def reached(self) -> int:
        """Return the counter of suppressions."""
        with self.reading() as connection:
            return counters(connection).suppression

    def origin(self) -> str:
        """Return what tells these tables from a restored copy in the same place."""
        place = place_of(self.engine)
        return f"{place} {Path(place).stat().st_ino}" if self.engine.dialect.name == "sqlite" else place

    def file(self, name: str) -> Path | None:
        """Return where something that follows from the tables may rest on this machine, None for shared tables."""
        return Path(place_of(self.engine)).with_name(name) if self.engine.dialect.name == "sqlite" else None

    def _walk(self, query: Select[Any]) -> Iterator[tuple[str, str]]:
        with self.reading() as connection:
            found = connection.execution_options(yield_per=_ROWS).execute(query)
            for rows in found.partitions():
                yield from rows

    def _plain(self) -> Any:
        if self._connection is None:
            address = f"file:{quote(place_of(self.engine))}?mode=ro"
            self._connection = pysqlite3.connect(address, uri=True, check_same_thread=False, timeout=1.0)
        return self._connection

    def expire(self, now: float, limit: int) -> int:
        """See ``Stops``. Nothing is written while nothing ends."""
        table = SUPPRESSION.c
        over = select(table.tenant, table.stream, table.address).where(table.expires <= now).limit(limit)
        with self.reading() as connection:
            keys = [Key(*row) for row in connection.execute(over)]
        if not keys:
            return 0
        with self.changing(None, COUNTER) as connection:
            # Somebody may have prolonged one meanwhile.
            return sum(
                bury(connection, SUPPRESSION, _among(SUPPRESSION, some), table.expires <= now, counter=COUNTER)
                for some in _chunks(keys)
            )

    def forget_soft(self, before: int) -> int:
        """See ``Stops``."""
        with self.counting() as connection:
            return connection.execute(delete(SOFT_BOUNCE).where(SOFT_BOUNCE.c.day < before)).rowcount


def key_of(entry: Suppression) -> Key:
    """Return what an entry is about."""
    return Key(entry.tenant, entry.stream, entry.address)


def put(connection: Connection, entries: Sequence[Suppression], *, weak: bool = False) -> int:
    """Write entries, of one address the last one, inside ``changing`` of their counter; return how many were new."""
    rows = {key_of(each): each for each in entries}
    bench = TableBench(connection)
    known = bench.known(rows)
    fresh = [columns(each) for key, each in rows.items() if key not in known]
    if fresh:
        connection.execute(insert(SUPPRESSION), fresh)
    if not weak:
        for key in known:
            connection.execute(update(SUPPRESSION).where(*same(SUPPRESSION, rows[key])).values(columns(rows[key])))
    return len(fresh)


def _chosen(search: Search) -> list[ColumnElement[bool]]:
    table = SUPPRESSION.c
    chosen = [
        table.tenant == search.tenant, table.created >= search.since, table.created < search.until,
        table.address.contains("@"),
    ]  # fmt: skip
    if search.reasons:
        chosen.append(table.reason.in_(search.reasons))
    if search.not_reasons:
        chosen.append(table.reason.not_in(search.not_reasons))
    if search.address:
        chosen.append(table.address == search.address)
    if search.wild is not None:
        wild = table.address.startswith(WILD, autoescape=True)
        chosen.append(wild if search.wild else ~wild)
    if search.any_words:
        columns = (table.address, table.reply)
        chosen.append(or_(*(func.lower(each).contains(search.any_words.lower(), autoescape=True) for each in columns)))
    for pairs, wanted in ((search.words, True), (search.not_words, False)):
        for name, words in pairs:
            holds = func.lower(table[name]).contains(words.lower(), autoescape=True)
            chosen.append(holds if wanted else ~holds)
    return chosen


def _chunks(whole: Collection[T]) -> Iterator[list[T]]:
    """Split what a statement is about so that it can bear it, in order, so that a tree is walked once."""
    rest = iter(sorted(whole))  # type: ignore[type-var]  # names, and tuples of names
    while chunk := list(islice(rest, _AT_ONCE)):
        yield chunk


def _step(connection: Connection) -> None:
    step = update(CHANGE).where(CHANGE.c.name == COUNTER)
    connection.execute(step.values(version=CHANGE.c.version + 1))


def _among(table: Table, keys: Sequence[Key]) -> Any:
    return tuple_(table.c.tenant, table.c.stream, table.c.address).in_(list(keys))
