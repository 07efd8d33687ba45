"""Who agreed to be measured. A person is a keyed hash of tenant and address: no address rests here."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Integer, LargeBinary, String, Table, Text

from estafette.store.tables.definitions.metadata import ID, METADATA, NAME, version

# What holds now. number: how many acts led here.
CONSENT = Table(
    "consent",
    METADATA,
    Column("tenant", ID, ForeignKey("tenant.id"), primary_key=True),
    Column("person", LargeBinary(12), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("at", Float, nullable=False),
    Column("number", Integer, nullable=False),
    version("consent"),
)

# The proof: every act, in order. shown: digest of the text that was read when it happened, empty for none.
CONSENT_ACT = Table(
    "consent_act",
    METADATA,
    Column("tenant", ID, primary_key=True),
    Column("person", LargeBinary(12), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("at", Float, nullable=False),
    Column("recorded", Float, nullable=False),
    Column("method", String(64), nullable=False),
    Column("by", NAME, nullable=False),
    Column("shown", LargeBinary(16), nullable=False),
)

# Texts rest once, however many people have read them.
CONSENT_TEXT = Table(
    "consent_text",
    METADATA,
    Column("tenant", ID, primary_key=True),
    Column("digest", LargeBinary(16), primary_key=True),
    Column("text", Text, nullable=False),
)
