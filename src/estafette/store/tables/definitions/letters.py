"""What applications handed in."""

from __future__ import annotations

from sqlalchemy import Column, Float, LargeBinary, String, Table

from estafette.store.tables.definitions.metadata import ID, METADATA

RECEIPT = Table(
    "receipt",
    METADATA,
    Column("credential", ID, primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("created", Float, nullable=False, index=True),
)
