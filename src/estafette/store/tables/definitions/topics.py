"""Topics of streams."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKeyConstraint, String, Table

from estafette.store.tables.definitions.metadata import ID, METADATA, NAME, version

TOPIC = Table(
    "topic",
    METADATA,
    Column("tenant", ID, primary_key=True),
    Column("stream", String(64), primary_key=True),
    Column("name", String(48), primary_key=True),
    Column("title", NAME, nullable=False),
    Column("french", NAME, nullable=False),
    Column("created", Float, nullable=False),
    version(),
    ForeignKeyConstraint(["tenant"], ["tenant.id"]),
)
