"""The tables of the service itself."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from estafette.store.tables.definitions.metadata import ID, METADATA, NAME

# What was removed from a table with versions: its name, the primary key as a JSON array, the counter of that moment.
TOMBSTONE = Table(
    "tombstone",
    METADATA,
    Column("kind", String(16), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("version", BigInteger, nullable=False, index=True),
)

OPERATOR = Table(
    "operator",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("name", NAME, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("api_key_sha256", LargeBinary, nullable=False, unique=True),
    Column("created", Float, nullable=False),
)

# As ``session`` of people, which is another table so that nobody is ever both.
OPERATOR_SESSION = Table(
    "operator_session",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("user", ID, ForeignKey("operator.id"), nullable=False),
    Column("token_sha256", LargeBinary, nullable=False, unique=True),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("seen", Float, nullable=False),
    Column("address", String(64), nullable=False),
    Column("agent", NAME, nullable=False),
    Column("how", String(64), nullable=False),
    Column("revoked", Float),
    Index(None, "user", "created", "id"),
)

# Append-only: triggers of the migration refuse to change or remove a row.
AUDIT = Table(
    "audit",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("actor", NAME, nullable=False),
    Column("action", String(64), nullable=False),
    Column("tenant", ID, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
    Column("address", String(64), nullable=False, server_default=""),
    Index("ix_audit_tenant", "tenant", "id"),
)
