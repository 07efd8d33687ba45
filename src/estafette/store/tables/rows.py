"""Between table rows and the structs of the dictionary: same names, so one rule serves every table."""

from __future__ import annotations

from operator import itemgetter
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, Table

Row = TypeVar("Row", bound=msgspec.Struct)


def columns(row: msgspec.Struct) -> dict[str, Any]:
    """Return a struct's fields as column values; tuples become lists for JSON columns, versions set themselves."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in msgspec.structs.asdict(row).items()
        if name != "version"
    }


def read_all(connection: Connection, query: Select[Any], kind: type[Row]) -> tuple[Row, ...]:
    """Return the rows of a query as structs; columns that the struct does not know are left out."""
    fields = kind.__struct_fields__
    found = connection.execute(query)
    names = list(found.keys())
    chosen = itemgetter(*map(names.index, fields))
    return tuple(kind(**dict(zip(fields, map(_value, chosen(row)), strict=True))) for row in found)


def same(table: Table, row: msgspec.Struct) -> list[ColumnElement[bool]]:
    """Return the conditions under which a table's row is this one: its primary key."""
    return [column == getattr(row, column.name) for column in table.primary_key]


def _value(stored: Any) -> Any:
    return tuple(stored) if type(stored) is list else stored
