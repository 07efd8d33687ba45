"""What servers said to the mail of streams of late, and streams that are slowed."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, ForeignKey, Integer, String, Table

from estafette.store.tables.definitions.metadata import ID, METADATA

# Counters, a row for each ten minutes; forgotten after two days.
SPELL = Table(
    "spell",
    METADATA,
    Column("tenant", ID, ForeignKey("tenant.id"), primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("stream", String(64), primary_key=True),
    Column("site", String(255), primary_key=True),
    Column("attempted", Integer, nullable=False),
    Column("deferred", Integer, nullable=False),
    Column("hard", Integer, nullable=False),
    Column("unknown", Integer, nullable=False),
    Column("blocked", Integer, nullable=False),
)

PACE = Table(
    "pace",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("tenant", ID, ForeignKey("tenant.id"), nullable=False, index=True),
    Column("stream", String(64), nullable=False),
    Column("site", String(255), nullable=False),
    Column("rule", String(64), nullable=False),
    Column("rate", Float, nullable=False),
    Column("usual", Float, nullable=False),
    Column("numbers", JSON, nullable=False),
    Column("created", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("ended", Float, index=True),
    Column("ended_by", String(255), nullable=False),
    Column("told", Float),
)
