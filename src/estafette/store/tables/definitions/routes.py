"""Where mail that comes to domains goes."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKeyConstraint, LargeBinary, String, Table, Text, UniqueConstraint

from estafette.store.tables.definitions.metadata import ID, METADATA, NAME, version

ROUTE = Table(
    "route",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("tenant", ID, nullable=False),
    Column("domain", NAME, nullable=False),
    Column("pattern", String(64), nullable=False),
    Column("way", String(16), nullable=False),
    Column("target", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", Float, nullable=False),
    version(),
    UniqueConstraint("tenant", "domain", "pattern"),
    ForeignKeyConstraint(["tenant", "domain"], ["domain.tenant", "domain.name"]),
)
