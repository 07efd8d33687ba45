"""Databases with fresh control tables, lent to one test after the other: to make one takes longer than most tests."""

from __future__ import annotations

import psycopg
from psycopg import sql
from tests.servers.postgres import Postgres

_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
_SEQUENCES = "SELECT setval(c.oid::regclass, 1, false) FROM pg_class c WHERE relkind = 'S'"
_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
#: Columns, triggers and functions: what a test that migrates or breaks something has changed.
_SHAPE = """
SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
    SELECT c.relname || a.attname || a.atttypid || a.attnotnull AS part FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT tgname || tgrelid FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
) AS parts
"""


class Databases:
    """A stock of copies of one database. What comes back is emptied to what the template holds, or thrown away."""

    def __init__(self, server: Postgres, template: str) -> None:
        self._server = server
        self._template = template
        self._stock: list[str] = []
        with psycopg.connect(server.url(template)) as connection:
            self._shape = connection.execute(_SHAPE).fetchone()
            self._tables = [name for (name,) in connection.execute(_TABLES)]
            self._rows = {table: rows for table in self._tables if (rows := _rows_of(connection, table))}

    def lend(self) -> str:
        """Return the name of a database that holds what the template does."""
        return self._stock.pop() if self._stock else self._server.database(self._template)

    def take_back(self, name: str) -> None:
        """Make a database as new."""
        with psycopg.connect(self._server.url(name)) as connection:
            connection.execute(_OTHERS, (connection.info.backend_pid,))
            as_made = connection.execute(_SHAPE).fetchone() == self._shape
            if as_made:
                self._empty(connection)
        if as_made:
            self._stock.append(name)
        else:
            self._server.drop(name)

    def _empty(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        connection.execute("SET session_replication_role = replica")  # neither foreign keys nor the audit's triggers
        deletes = [sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table in self._tables]
        connection.execute(sql.SQL(";").join(deletes))
        for table, rows in self._rows.items():
            with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                copy.write(rows)
        connection.execute(_SEQUENCES)


def _rows_of(connection: psycopg.Connection[tuple[object, ...]], table: str) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
        return b"".join(map(bytes, copy))
