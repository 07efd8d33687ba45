"""Sending domains, their keys, senders without a domain, and who looks at private mail."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from estafette.store.tables.definitions.metadata import ADDRESS, ID, METADATA, NAME, version

DOMAIN = Table(
    "domain",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("tenant", ID, ForeignKey("tenant.id"), nullable=False),
    Column("name", NAME, nullable=False),
    Column("status", String(16), nullable=False),
    Column("token", String(64), nullable=False),
    Column("created", Float, nullable=False),
    Column("checked", Float, nullable=False, index=True),
    Column("issued", Float, nullable=False, server_default="0"),
    Column("zone", NAME, nullable=False, server_default=""),
    Column("label", ID, nullable=False, server_default=""),
    Column("warned", Float),
    Column("reason", Text, nullable=False, server_default=""),
    Column("tracked", Float, nullable=False, server_default="0"),
    Column("incoming_host", NAME, nullable=False, server_default=""),
    Column("incoming_port", Integer, nullable=False, server_default="0"),
    Column("incoming_socket", String(16), nullable=False, server_default="tls"),
    Column("incoming_sign_in", String(16), nullable=False, server_default="password"),
    Column("incoming_login", NAME, nullable=False, server_default=""),
    version(),
    UniqueConstraint("tenant", "name"),
    Index(None, "name", "id"),
)
# One proved owner at a time is the database's promise, so that two verifications at once cannot both win.
Index(
    "ix_domain_owner",
    DOMAIN.c.name,
    unique=True,
    sqlite_where=text("status <> 'pending'"),
    postgresql_where=text("status <> 'pending'"),
)

# tenant "" is the service itself, which has keys but is nobody's tenant: no foreign key here.
DKIM_KEY = Table(
    "dkim_key",
    METADATA,
    Column("tenant", ID, primary_key=True),
    Column("domain", NAME, primary_key=True),
    Column("selector", String(63), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("stage", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("record", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("seen", Float, nullable=False, server_default="0"),
    Column("since", Float, nullable=False, server_default="0"),
    Column("until", Float),
    version(),
    Index(None, "stage", "since"),
)

# Names under our own zone that tenants' records point to. A row is never removed and never given to anybody else:
# a record that its owner forgot must not lead to a stranger (SubdoMailing). No foreign key: it outlives its domain.
LABEL = Table(
    "label",
    METADATA,
    Column("label", ID, primary_key=True),
    Column("tenant", ID, nullable=False),
    Column("domain", NAME, nullable=False),
    Column("created", Float, nullable=False),
)

# Single addresses of domains that nobody here has proved; verified by a mailed link.
SENDER = Table(
    "sender",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("tenant", ID, ForeignKey("tenant.id"), nullable=False),
    Column("address", ADDRESS, nullable=False),
    Column("status", String(16), nullable=False),
    Column("token_sha256", LargeBinary, nullable=False, unique=True),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("verified", Float),
    version(),
    UniqueConstraint("tenant", "address"),
    Index(None, "created", "id"),
)

# An owner's look at the private mail of one credential: who, why, until when.
LOOK = Table(
    "look",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("tenant", ID, ForeignKey("tenant.id"), nullable=False),
    Column("credential", ID, nullable=False),
    Column("user", ID, nullable=False),
    Column("by", NAME, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("until", Float, nullable=False),
    Index(None, "tenant", "created", "id"),
)
