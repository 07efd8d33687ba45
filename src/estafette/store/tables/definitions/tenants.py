"""Tenants and their streams."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, String, Table, Text

from estafette.store.tables.definitions.metadata import ADDRESS, ID, METADATA, NAME, version

TENANT = Table(
    "tenant",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("name", NAME, nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("plan", NAME, nullable=False),
    Column("identity", Text, nullable=False),
    Column("postal_address", Text, nullable=False),
    Column("show_id", Boolean, nullable=False),
    Column("created", Float, nullable=False),
    Column("queued_limit", BigInteger),
    Column("timezone", String(64), nullable=False, server_default="UTC"),
    Column("anchor", Float, nullable=False, server_default="0"),
    Column("overage", String(8), nullable=False, server_default="stop"),
    Column("alert_to", ADDRESS, nullable=False, server_default=""),
    Column("trust", String(16), nullable=False, server_default="full"),
    Column("parent", ID, nullable=False, server_default="", index=True),
    Column("language", String(2), nullable=False, server_default=""),
    Column("tracking", String(16), nullable=False, server_default="individual"),
    version(),
    Index(None, "created", "id"),
)

STREAM = Table(
    "stream",
    METADATA,
    Column("tenant", ID, ForeignKey("tenant.id"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("egress", String(64), nullable=False),
    Column("report_to", ADDRESS, nullable=False),
    Column("retention", Float),
    Column("suspended", Text, nullable=False),
    Column("tracking", String(16), nullable=False, server_default="off"),
    Column("reply_to", ADDRESS, nullable=False, server_default=""),
    Column("window_days", JSON, nullable=False, server_default="[]"),
    Column("window_from", String(5), nullable=False, server_default=""),
    Column("window_to", String(5), nullable=False, server_default=""),
    Column("window_zone", String(64), nullable=False, server_default=""),
    Column("suppression", String(8), nullable=False, server_default="stream"),
    version(),
)
