"""Webhooks, their calls, and how far the event log was read for them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from estafette.store.tables.definitions.metadata import ID, METADATA, NAME, version

COUNTER = "webhook"

WEBHOOK = Table(
    "webhook",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("tenant", ID, ForeignKey("tenant.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("name", NAME, nullable=False),
    Column("format", String(16), nullable=False),
    Column("events", JSON, nullable=False),
    Column("streams", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("concurrency", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("failing", Float, nullable=False),
    Column("created", Float, nullable=False),
    Column("changed", Float, nullable=False),
    version(COUNTER),
    Index(None, "tenant", "created", "id"),
)

# No foreign key: a call that is under way while its webhook is removed must not break what settles with it. Rows of
# webhooks that are no more are pruned.
WEBHOOK_CALL = Table(
    "webhook_call",
    METADATA,
    Column("webhook", ID, primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("place", BigInteger, nullable=False),
    Column("message", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(8), nullable=False),
    Column("due", Float),
    Column("created", Float, nullable=False),
    Column("ended", Float, nullable=False),
    Column("tried", Integer, nullable=False),
    Column("tries", JSON, nullable=False),
    Index(None, "webhook", "due"),
    Index(None, "webhook", "message", "state"),
    Index(None, "webhook", "state", "created", "id"),
    Index(None, "webhook", "created", "id"),
)

WEBHOOK_READER = Table(
    "webhook_reader",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("webhook", ID, nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("stop", BigInteger, nullable=False),
    Column("since", Float, nullable=False),
    Column("until", Float, nullable=False),
)
