"""Plans, what was bought, what was used, and how far a tenant is trusted."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, ForeignKey, Integer, String, Table, Text

from estafette.store.tables.definitions.metadata import ID, METADATA, NAME, version

PLAN = Table(
    "plan",
    METADATA,
    Column("name", NAME, primary_key=True),
    Column("currency", String(3), nullable=False),
    Column("price", String(32), nullable=False),
    Column("monthly", BigInteger),
    Column("daily", BigInteger),
    Column("hourly", BigInteger),
    Column("free", BigInteger, nullable=False),
    Column("free_per", String(8), nullable=False),
    Column("overage_price", String(32), nullable=False),
    Column("weights", JSON, nullable=False),
    Column("features", JSON, nullable=False),
    Column("created", Float, nullable=False),
    version(),
)

PACK = Table(
    "pack",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("tenant", ID, ForeignKey("tenant.id"), nullable=False, index=True),
    Column("units", BigInteger, nullable=False),
    Column("left", BigInteger, nullable=False),
    Column("price", String(32), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("note", Text, nullable=False),
    Column("created", Float, nullable=False),
)

# Counters, one row for each window. Hours are kept by credential, days and months have credential "".
USAGE = Table(
    "usage",
    METADATA,
    Column("tenant", ID, ForeignKey("tenant.id"), primary_key=True),
    Column("period", String(8), primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("stream", String(64), primary_key=True),
    Column("credential", ID, primary_key=True),
    Column("recipients", BigInteger, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("free", BigInteger, nullable=False),
    Column("plan", BigInteger, nullable=False),
    Column("pack", BigInteger, nullable=False),
    Column("overage", BigInteger, nullable=False),
    Column("excess", BigInteger, nullable=False),
    Column("bounced", BigInteger, nullable=False),
    Column("complained", BigInteger, nullable=False),
)

# Units that a process may spend without asking; reserved until its events were counted or its time is over.
SLICE = Table(
    "slice",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("tenant", ID, ForeignKey("tenant.id"), nullable=False, index=True),
    Column("writer", Integer, nullable=False),
    Column("opens", BigInteger, nullable=False),
    Column("closes", BigInteger, nullable=False),
    Column("until", Float, nullable=False),
    Column("units", BigInteger, nullable=False),
)

# How far a named reader of the event log has come.
CURSOR = Table(
    "cursor",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("position", BigInteger, nullable=False),
)

# A month that is over, as it was told to the tenant; later changes of the plan do not reach it.
STATEMENT = Table(
    "statement",
    METADATA,
    Column("tenant", ID, ForeignKey("tenant.id"), primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("body", JSON, nullable=False),
    Column("created", Float, nullable=False),
)

ALERT = Table(
    "alert",
    METADATA,
    Column("tenant", ID, ForeignKey("tenant.id"), primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("sent", Float, nullable=False),
)

# Where the ramp of a new tenant stands: units of today, clean days so far, the day last judged.
TRUST = Table(
    "trust",
    METADATA,
    Column("tenant", ID, ForeignKey("tenant.id"), primary_key=True),
    Column("allowed", BigInteger, nullable=False),
    Column("clean", Integer, nullable=False),
    Column("day", BigInteger, nullable=False),
)

# A pause by a rule: of a credential, of a stream, or (both "") of the whole tenant.
SUSPENSION = Table(
    "suspension",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("tenant", ID, ForeignKey("tenant.id"), nullable=False, index=True),
    Column("stream", String(64), nullable=False),
    Column("credential", ID, nullable=False),
    Column("rule", String(64), nullable=False),
    Column("numbers", JSON, nullable=False),
    Column("messages", JSON, nullable=False),
    Column("created", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("ended", Float),
    Column("told", Float),
)
