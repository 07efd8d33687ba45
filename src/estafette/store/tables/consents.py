"""``Consents`` over SQLAlchemy Core."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial

import msgspec
from sqlalchemy import Connection, insert, select, update

from estafette.model.consent import Consent, ConsentAct, ConsentState
from estafette.store.interface.consents import ConsentChanges, head_of
from estafette.store.interface.page import BadCursor, Page, Paged, cursor
from estafette.store.interface.records import AuditEntry
from estafette.store.tables.definitions.consents import CONSENT, CONSENT_ACT, CONSENT_TEXT
from estafette.store.tables.rows import columns, read_all, same
from estafette.store.tables.transactions import Tables, counters

#: Persons of one statement.
_AT_ONCE = 500
#: Rows that are read before they are packed.
_ROWS = 10_000


class ConsentTables(Tables):
    """States and acts; the counter ``consent`` steps with every write."""

    def changes(self, since: int) -> ConsentChanges:
        """See ``Consents``. Sorted here: an order in the query would walk through everybody for a few."""
        table = CONSENT.c
        query = select(table.tenant, table.state, table.person)
        # Without a condition everybody is read in the order they rest in, not in that of an index.
        query = query.where(table.version > since) if since else query
        heads: defaultdict[tuple[str, bool], array[int]] = defaultdict(partial(array, "Q"))
        with self.reading() as connection:
            version = counters(connection).consent
            found = connection.execution_options(yield_per=_ROWS).execute(query)
            for rows in found.partitions():
                for tenant, state, person in rows:
                    heads[tenant, state == "granted"].append(head_of(person))
        told: dict[bool, dict[str, array[int]]] = {True: {}, False: {}}
        for (tenant, granted), unsorted in heads.items():
            told[granted][tenant] = array("Q", sorted(unsorted))
        return ConsentChanges(version=version, granted=told[True], refused=told[False])

    def record(self, acts: Sequence[ConsentAct], texts: Mapping[bytes, str], entry: AuditEntry) -> Sequence[Consent]:
        """See ``Consents``."""
        with self.changing(entry, "consent") as connection:
            held = _states(connection, entry.tenant, {act.person for act in acts})
            known, new = _told(connection, entry.tenant, held), _Book(held)
            for act in acts:
                if (act.person, act.state, act.at) not in known:
                    known.add((act.person, act.state, act.at))
                    new.add(act)
            new.write(connection)
            _keep_texts(connection, entry.tenant, texts)
        return [held[act.person] for act in acts]

    def states(self, tenant: str, persons: Collection[bytes]) -> Sequence[Consent]:
        """See ``Consents``."""
        with self.reading() as connection:
            return list(_states(connection, tenant, persons).values())

    def list(self, page: Page, *, tenant: str, state: ConsentState | None = None) -> Paged[Consent]:
        """See ``Consents``. A cursor is text, a person octets: its hexadecimal form stands in between."""
        query = select(CONSENT).where(CONSENT.c.tenant == tenant)
        if state is not None:
            query = query.where(CONSENT.c.state == state)
        if begin := page.key(str):
            query = query.where(CONSENT.c.person > _octets(str(begin[0])))
        found = self.list_rows(query.order_by(CONSENT.c.person).limit(page.limit + 1), Consent)
        kept = tuple(found[: page.limit])
        return Paged(kept, cursor([kept[-1].person.hex()]) if len(found) > page.limit else "")

    def acts(self, tenant: str, person: bytes) -> Sequence[ConsentAct]:
        """See ``Consents``."""
        table = CONSENT_ACT.c
        query = select(CONSENT_ACT).where(table.tenant == tenant, table.person == person).order_by(table.number)
        return self.list_rows(query, ConsentAct)

    def texts(self, tenant: str, digests: Collection[bytes]) -> Mapping[bytes, str]:
        """See ``Consents``."""
        table = CONSENT_TEXT.c
        with self.reading() as connection:
            query = select(table.digest, table.text).where(table.tenant == tenant, table.digest.in_(digests))
            return {row.digest: row.text for row in connection.execute(query)}


class _Book:
    """Acts that are about to be written, and the states they lead to. held: states by person, which it changes."""

    def __init__(self, held: dict[bytes, Consent]) -> None:
        self._held = held
        self._there = frozenset(held)
        self._acts: list[ConsentAct] = []

    def add(self, act: ConsentAct) -> None:
        before = self._held.get(act.person)
        act = msgspec.structs.replace(act, number=before.number + 1 if before else 1)
        self._acts.append(act)
        self._held[act.person] = _following(before, act)

    def write(self, connection: Connection) -> None:
        if not self._acts:
            return
        connection.execute(insert(CONSENT_ACT), [columns(act) for act in self._acts])
        states = {act.person: columns(self._held[act.person]) for act in self._acts}
        fresh = [state for person, state in states.items() if person not in self._there]
        if fresh:
            connection.execute(insert(CONSENT), fresh)
        for person in states.keys() & self._there:
            connection.execute(update(CONSENT).where(*same(CONSENT, self._held[person])).values(states[person]))


def _following(held: Consent | None, act: ConsentAct) -> Consent:
    """Return what holds after an act: what was said last, whenever we are told of it."""
    if held is not None and held.at > act.at:
        return msgspec.structs.replace(held, number=act.number)
    return Consent(tenant=act.tenant, person=act.person, state=act.state, at=act.at, number=act.number)


def _states(connection: Connection, tenant: str, persons: Collection[bytes]) -> dict[bytes, Consent]:
    query = select(CONSENT).where(CONSENT.c.tenant == tenant)
    found: dict[bytes, Consent] = {}
    for some in _batched(sorted(persons)):
        rows = read_all(connection, query.where(CONSENT.c.person.in_(some)), Consent)
        found.update({row.person: row for row in rows})
    return found


def _told(connection: Connection, tenant: str, persons: Collection[bytes]) -> set[tuple[bytes, str, float]]:
    """Return who has said what and when: a buffer that is replayed tells it again."""
    table = CONSENT_ACT.c
    query = select(table.person, table.state, table.at).where(table.tenant == tenant)
    found: set[tuple[bytes, str, float]] = set()
    for some in _batched(sorted(persons)):
        found.update((row.person, row.state, row.at) for row in connection.execute(query.where(table.person.in_(some))))
    return found


def _keep_texts(connection: Connection, tenant: str, texts: Mapping[bytes, str]) -> None:
    table = CONSENT_TEXT.c
    query = select(table.digest).where(table.tenant == tenant, table.digest.in_(list(texts)))
    there = set(connection.execute(query).scalars()) if texts else set()
    for digest in texts.keys() - there:
        connection.execute(insert(CONSENT_TEXT).values(tenant=tenant, digest=digest, text=texts[digest]))


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise BadCursor("after is no cursor of this list; give next of the page before") from None


def _batched(persons: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(persons), _AT_ONCE):
        yield persons[start : start + _AT_ONCE]
