"""The collection that every control table belongs to. Times are unix seconds, digests raw octets."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, ScalarSelect, String, Table, select

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
ID = String(32)
NAME = String(255)
ADDRESS = String(320)

# Counts the write transactions of a kind of data; whoever writes steps it first.
CHANGE = Table(
    "change",
    METADATA,
    Column("name", String(16), primary_key=True),
    Column("version", BigInteger, nullable=False),
)


def current(counter: str) -> ScalarSelect[int]:
    """Return the expression of a counter's value."""
    return select(CHANGE.c.version).where(CHANGE.c.name == counter).scalar_subquery()


def version(counter: str = "control") -> Column[int]:
    """Return a column that is the counter at the last write of its row: every insert and update sets it by itself."""
    now = current(counter)
    return Column("version", BigInteger, nullable=False, index=True, default=now, onupdate=now)
