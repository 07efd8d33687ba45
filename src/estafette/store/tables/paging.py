"""Pages of a query by key: the rows after the last one seen, in the order of their key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Column, Connection, Select, literal, tuple_

from estafette.store.interface.page import Page, Paged, cursor
from estafette.store.tables.rows import read_all

Row = TypeVar("Row", bound=msgspec.Struct)


def read_page(
    connection: Connection, query: Select[Any], key: Sequence[Column[Any]], kind: type[Row], page: Page
) -> Paged[Row]:
    """Return one page of a query as structs. key: columns that order the list and tell every row from the others."""
    begin = page.key(*(column.type.python_type for column in key))
    if begin is not None:
        values = [literal(value, column.type) for value, column in zip(begin, key, strict=True)]
        query = query.where(tuple_(*key) > tuple_(*values))
    found = read_all(connection, query.order_by(*key).limit(page.limit + 1), kind)
    if len(found) <= page.limit:
        return Paged(found)
    kept = found[: page.limit]
    return Paged(kept, cursor([getattr(kept[-1], column.name) for column in key]))
