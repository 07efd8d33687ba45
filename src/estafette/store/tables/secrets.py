"""``Secrets`` over SQLAlchemy Core: the list of all columns that hold sealed values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, Table, literal, select, tuple_, update

from estafette.store.interface.directory import KEY_PURPOSE, key_context
from estafette.store.interface.page import Page, Paged, cursor
from estafette.store.interface.people import LETTER_PURPOSE, TOTP_PURPOSE
from estafette.store.interface.secrets import SealedValue
from estafette.store.interface.webhooks import KEYS_PURPOSE
from estafette.store.tables.definitions.domains import DKIM_KEY
from estafette.store.tables.definitions.people import LETTER, PERSON
from estafette.store.tables.definitions.routes import ROUTE
from estafette.store.tables.definitions.webhooks import WEBHOOK
from estafette.store.tables.transactions import Tables


class _Place(msgspec.Struct, frozen=True):
    """A column of sealed values, and what a row's value is bound to, by its primary key."""

    purpose: str
    table: Table
    column: Column[bytes]
    context: Callable[..., bytes]


#: A new column of sealed values gets its line here; otherwise a rotation would leave it behind.
_PLACES = {
    DKIM_KEY.name: _Place(KEY_PURPOSE, DKIM_KEY, DKIM_KEY.c.sealed, key_context),
    PERSON.name: _Place(TOTP_PURPOSE, PERSON, PERSON.c.totp, str.encode),
    LETTER.name: _Place(LETTER_PURPOSE, LETTER, LETTER.c.sealed, str.encode),
    WEBHOOK.name: _Place(KEYS_PURPOSE, WEBHOOK, WEBHOOK.c.sealed, str.encode),
    ROUTE.name: _Place(KEYS_PURPOSE, ROUTE, ROUTE.c.sealed, str.encode),
}


class SecretTables(Tables):
    """Sealed values of every table."""

    def places(self) -> Sequence[str]:
        """See ``Secrets``."""
        return list(_PLACES)

    def values(self, table: str, page: Page) -> Paged[SealedValue]:
        """See ``Secrets``."""
        place = _PLACES[table]
        key = list(place.table.primary_key)
        held = (place.column.is_not(None), place.column != b"")
        query = select(*key, place.column).where(*held).order_by(*key).limit(page.limit + 1)
        begin = page.key(*(str for _ in key))
        if begin is not None:
            query = query.where(tuple_(*key) > tuple_(*map(literal, begin)))
        with self.reading() as connection:
            rows = connection.execute(query).all()
        found = tuple(_sealed(table, tuple(row)) for row in rows[: page.limit])
        return Paged(found, cursor(found[-1].key) if len(rows) > page.limit else "")

    def replace(self, values: Sequence[tuple[SealedValue, bytes]]) -> int:
        """See ``Secrets``. Rows get a new version, so that every directory opens the new seal."""
        done = 0
        with self.changing(None) as connection:
            for value, sealed in values:
                place = _PLACES[value.table]
                same = [column == part for column, part in zip(place.table.primary_key, value.key, strict=True)]
                change = update(place.table).where(*same, place.column == value.sealed)
                done += connection.execute(change.values({place.column: sealed})).rowcount
        return done


def _sealed(table: str, row: tuple[Any, ...]) -> SealedValue:
    place, key = _PLACES[table], row[:-1]
    return SealedValue(
        table=table, key=key, sealed=bytes(row[-1]), purpose=place.purpose, context=place.context(*key)
    )  # fmt: skip
