"""Templates of tenants."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from estafette.store.tables.definitions.metadata import ID, METADATA, NAME, version

TEMPLATE = Table(
    "template",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("tenant", ID, ForeignKey("tenant.id"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("published", Integer, nullable=False),
    Column("latest", Integer, nullable=False),
    Column("history", JSON, nullable=False),
    Column("created", Float, nullable=False),
    Column("changed", Float, nullable=False),
    version(),
    UniqueConstraint("tenant", "name"),
    Index(None, "tenant", "created", "id"),
)

# Rows are written once: what was accepted, and what was published before, refers to them by number.
TEMPLATE_VERSION = Table(
    "template_version",
    METADATA,
    Column("template", ID, ForeignKey("template.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("variables", JSON, nullable=False),
    Column("sample", JSON, nullable=False),
    Column("by", NAME, nullable=False),
    Column("created", Float, nullable=False),
)
