"""What was far from a tenant's own past, an episode each."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, String, Table

from estafette.store.tables.definitions.metadata import ID, METADATA

ANOMALY = Table(
    "anomaly",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("tenant", ID, ForeignKey("tenant.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("begun", Float, nullable=False),
    Column("seen", Float, nullable=False),
    Column("ended", Float, index=True),
    Column("told", Float, index=True),
    Column("first", JSON, nullable=False),
    Column("worst", JSON, nullable=False),
    Index("ix_anomaly_tenant_begun_id", "tenant", "begun", "id"),
)
