"""Reports from receivers, and their rows."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from estafette.store.tables.definitions.metadata import ADDRESS, ID, METADATA, NAME

# Reports about the service's own domains have no tenant, so that none is referred to.
REPORT = Table(
    "report",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("tenant", ID, nullable=False),
    Column("name", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("domain", NAME, nullable=False),
    Column("reporter", NAME, nullable=False),
    Column("report", NAME, nullable=False),
    Column("contact", NAME, nullable=False),
    Column("begin", Float, nullable=False),
    Column("end", Float, nullable=False, index=True),
    Column("received", Float, nullable=False, index=True),
    Column("origin", String(16), nullable=False),
    Column("sender", ADDRESS, nullable=False),
    Column("form", String(16), nullable=False),
    Column("policy", NAME, nullable=False),
    Column("messages", BigInteger, nullable=False),
    Column("passed", BigInteger, nullable=False),
    Column("unlisted", BigInteger, nullable=False),
    Column("ours", BigInteger, nullable=False),
    Column("ours_passed", BigInteger, nullable=False),
    UniqueConstraint("tenant", "name"),
    Index("ix_report_tenant_end_id", "tenant", "end", "id"),
)

# tenant, kind, about (the report's domain) and day repeat the report's, so that sums read one table.
REPORT_ROW = Table(
    "report_row",
    METADATA,
    Column("parent", ID, ForeignKey("report.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("tenant", ID, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("about", NAME, nullable=False),
    Column("day", Integer, nullable=False),
    Column("source", String(64), nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("ours", Boolean, nullable=False),
    Column("disposition", String(64), nullable=False),
    Column("dkim", String(64), nullable=False),
    Column("spf", String(64), nullable=False),
    Column("header_from", NAME, nullable=False),
    Column("envelope_from", NAME, nullable=False),
    Column("signer", NAME, nullable=False),
    Column("selector", NAME, nullable=False),
    Column("signature", String(64), nullable=False),
    Column("spf_domain", NAME, nullable=False),
    Column("spf_result", String(64), nullable=False),
    Column("result", String(64), nullable=False),
    Column("target", NAME, nullable=False),
    Column("reason", NAME, nullable=False),
    Index("ix_report_row_tenant_kind_day_about_source", "tenant", "kind", "day", "about", "source"),
)
