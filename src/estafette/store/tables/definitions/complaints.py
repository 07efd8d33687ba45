"""Complaints, one row for each copy of a message, and tickets."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from estafette.store.tables.definitions.metadata import ID, METADATA

COMPLAINT = Table(
    "complaint",
    METADATA,
    Column("message", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("tenant", ID, ForeignKey("tenant.id"), nullable=False),
    Column("stream", String(64), nullable=False),
    Column("event", BigInteger, nullable=False),
    Column("report", BigInteger, nullable=False),
    Column("at", Float, nullable=False),
    Column("seen", Float, nullable=False, index=True),
    Column("kind", String(64), nullable=False),
    Column("programme", String(255), nullable=False),
    Column("reports", Integer, nullable=False),
    Index("ix_complaint_tenant_message", "tenant", "message"),
)

# The service's own tickets have no tenant, so that none is referred to.
TICKET = Table(
    "ticket",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("tenant", ID, nullable=False),
    Column("address", String(320), nullable=False),
    Column("sender", String(320), nullable=False, index=True),
    Column("received", Float, nullable=False),
    Column("seen", Float, nullable=False, index=True),
    Column("message", BigInteger, nullable=False, unique=True),
    Column("likeness", String(64), nullable=False, index=True),
    Column("author", String(320), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("text", Text, nullable=False),
    Column("source", String(64), nullable=False),
    Column("about", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("times", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("closed", Float),
    Column("closed_by", String(255), nullable=False),
    Column("note", Text, nullable=False),
    Index("ix_ticket_tenant_received_id", "tenant", "received", "id"),
)
