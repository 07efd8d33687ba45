"""People, what they may do where, and how they get in."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, ForeignKey, Index, LargeBinary, String, Table, Text

from estafette.store.tables.definitions.metadata import ADDRESS, ID, METADATA, NAME, version

# Not "user", which PostgreSQL keeps for itself.
PERSON = Table(
    "person",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("email", ADDRESS, nullable=False, unique=True),
    Column("name", NAME, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("totp", LargeBinary),
    Column("totp_since", Float),
    Column("language", String(2), nullable=False),
    Column("created", Float, nullable=False),
    Column("verified", Float),
    Column("disabled", Float),
    version(),
    Index(None, "created", "id"),
)

MEMBERSHIP = Table(
    "membership",
    METADATA,
    Column("user", ID, ForeignKey("person.id"), primary_key=True),
    Column("tenant", ID, ForeignKey("tenant.id"), primary_key=True, index=True),
    Column("role", String(16), nullable=False),
    Column("created", Float, nullable=False),
    version(),
    Index(None, "tenant", "created", "user"),
)

INVITATION = Table(
    "invitation",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("tenant", ID, ForeignKey("tenant.id"), nullable=False),
    Column("email", ADDRESS, nullable=False),
    Column("role", String(16), nullable=False),
    Column("token_sha256", LargeBinary, nullable=False, unique=True),
    Column("by", NAME, nullable=False),
    Column("language", String(2), nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("accepted", Float),
    Column("revoked", Float),
    version(),
    Index(None, "tenant", "created", "id"),
)

# A row is a link that was not used yet; using it removes it.
MAILED_LINK = Table(
    "mailed_link",
    METADATA,
    Column("token_sha256", LargeBinary, primary_key=True),
    Column("purpose", String(16), nullable=False),
    Column("user", ID, ForeignKey("person.id"), nullable=False, index=True),
    Column("address", ADDRESS, nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
)

SESSION = Table(
    "session",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("user", ID, ForeignKey("person.id"), nullable=False),
    Column("token_sha256", LargeBinary, nullable=False, unique=True),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False, index=True),
    Column("seen", Float, nullable=False),
    Column("address", String(64), nullable=False),
    Column("agent", NAME, nullable=False),
    Column("how", String(64), nullable=False),
    Column("revoked", Float),
    Index(None, "user", "created", "id"),
)

# The last time step whose code was accepted; a code works once in every process.
TOTP_STEP = Table(
    "totp_step",
    METADATA,
    Column("user", ID, ForeignKey("person.id"), primary_key=True),
    Column("step", BigInteger, nullable=False),
)

RECOVERY_CODE = Table(
    "recovery_code",
    METADATA,
    Column("user", ID, ForeignKey("person.id"), primary_key=True),
    Column("code_sha256", LargeBinary, primary_key=True),
)

# Who somebody is at a provider of OIDC log-ins; the subject never changes, an address may.
SUBJECT = Table(
    "oidc_subject",
    METADATA,
    Column("issuer", NAME, primary_key=True),
    Column("subject", NAME, primary_key=True),
    Column("user", ID, ForeignKey("person.id"), nullable=False, index=True),
)

MANAGEMENT_KEY = Table(
    "management_key",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("tenant", ID, ForeignKey("tenant.id"), nullable=False),
    Column("name", NAME, nullable=False),
    Column("key_sha256", LargeBinary, nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("only_from", JSON, nullable=False),
    Column("recipients", JSON, nullable=False),
    Column("by", NAME, nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float),
    Column("revoked", Float),
    version(),
    Index(None, "tenant", "created", "id"),
)

# Mail that the service owes, written in the transaction that owes it, removed when the queue has it.
LETTER = Table(
    "letter",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("address", ADDRESS, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", Float, nullable=False, index=True),
)
