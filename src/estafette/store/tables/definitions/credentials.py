"""What lets clients in, and whom they may not write to."""

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
    text,
)

from estafette.store.tables.definitions.metadata import ADDRESS, ID, METADATA, NAME, version

CREDENTIAL = Table(
    "credential",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("tenant", ID, ForeignKey("tenant.id"), nullable=False, index=True),
    Column("name", NAME, nullable=False),
    Column("username", NAME, nullable=False, unique=True),
    Column("stream", String(64), nullable=False),
    Column("password_sha256", LargeBinary, nullable=False),
    Column("api_key_sha256", LargeBinary, nullable=False, unique=True),
    Column("senders", JSON, nullable=False),
    Column("networks", JSON, nullable=False),
    Column("created", Float, nullable=False),
    Column("revoked", Float),
    Column("message_recipients", Integer),
    Column("per_minute", Integer),
    Column("per_hour", Integer),
    Column("per_day", Integer),
    Column("expires", Float),
    Column("recipients", JSON, nullable=False, server_default="[]"),
    Column("only_from", JSON, nullable=False, server_default="[]"),
    Column("headers", String(16), nullable=False, server_default=""),
    version(),
    Index(None, "tenant", "created", "id"),
    Index(None, "tenant", "stream", "created", "id"),
    Index(None, "created", "id"),
)
# Few of very many have ended; their list must not look through all.
Index(
    "ix_credential_ended",
    CREDENTIAL.c.tenant,
    CREDENTIAL.c.created,
    CREDENTIAL.c.id,
    sqlite_where=text("revoked IS NOT NULL"),
    postgresql_where=text("revoked IS NOT NULL"),
)

# Failed log-ins, one row for each who, where and why; tenant "" while nobody knows whose they are.
LOGIN_FAILURE = Table(
    "login_failure",
    METADATA,
    Column("tenant", ID, primary_key=True),
    Column("username", NAME, primary_key=True),
    Column("address", String(64), primary_key=True),
    Column("reason", String(32), primary_key=True),
    Column("first", Float, nullable=False),
    Column("last", Float, nullable=False),
    Column("count", BigInteger, nullable=False),
    Index(None, "tenant", "last"),
)

LAST_USE = Table(
    "last_use",
    METADATA,
    Column("credential", ID, primary_key=True),
    Column("at", Float, nullable=False),
    Column("address", String(64), nullable=False),
)

SUPPRESSION = Table(
    "suppression",
    METADATA,
    Column("tenant", ID, ForeignKey("tenant.id"), primary_key=True),
    Column("stream", String(64), primary_key=True),
    Column("address", ADDRESS, primary_key=True),
    Column("reason", String(64), nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float),
    Column("event", BigInteger, nullable=False, server_default="0"),
    Column("message", BigInteger, nullable=False, server_default="0"),
    Column("reply", Text, nullable=False, server_default=""),
    Column("observed", Float, nullable=False, server_default="0"),
    version("suppression"),
    Index(None, "tenant", "address"),
)
# Few of very many have an end, stand for a person's hash, or for a domain: each is looked for on its own.
Index(
    "ix_suppression_ending",
    SUPPRESSION.c.expires,
    sqlite_where=text("expires IS NOT NULL"),
    postgresql_where=text("expires IS NOT NULL"),
)
Index(
    "ix_suppression_special",
    SUPPRESSION.c.tenant,
    SUPPRESSION.c.address,
    sqlite_where=text("address LIKE 'person:%' OR address LIKE '*@%'"),
    postgresql_where=text("address LIKE 'person:%' OR address LIKE '*@%'"),
)

# Soft bounces by day (unix seconds / 86,400), until they are enough to suppress or a delivery forgives them.
SOFT_BOUNCE = Table(
    "soft_bounce",
    METADATA,
    Column("tenant", ID, primary_key=True),
    Column("stream", String(64), primary_key=True),
    Column("address", ADDRESS, primary_key=True),
    Column("rule", String(32), primary_key=True),
    Column("day", BigInteger, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Index(None, "day"),
)

# What limited credentials have sent in their running windows; every accepting process adds to it.
CREDENTIAL_USE = Table(
    "credential_use",
    METADATA,
    Column("credential", ID, primary_key=True),
    Column("span", Integer, primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("used", BigInteger, nullable=False),
)
