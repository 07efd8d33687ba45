"""Reports of receivers: DMARC and TLS.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_ID = sa.String(32)
_NAME = sa.String(255)


def upgrade() -> None:
    """Add what this revision brings."""
    op.create_table(
        "report",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        *(sa.Column(name, _NAME, nullable=False) for name in ("domain", "reporter", "report", "contact")),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("begin", "end", "received")),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("sender", sa.String(320), nullable=False),
        sa.Column("form", sa.String(16), nullable=False),
        sa.Column("policy", _NAME, nullable=False),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("messages", "passed", "unlisted", "ours", "ours_passed")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_report"),
        sa.UniqueConstraint("tenant", "name", name="uq_report_tenant_name"),
    )
    op.create_index("ix_report_end", "report", ["end"])
    op.create_index("ix_report_received", "report", ["received"])
    op.create_index("ix_report_tenant_end_id", "report", ["tenant", "end", "id"])
    _rows()


def _rows() -> None:
    op.create_table(
        "report_row",
        sa.Column("parent", _ID, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("about", _NAME, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("ours", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.String(64), nullable=False) for name in ("disposition", "dkim", "spf")),
        *(sa.Column(name, _NAME, nullable=False) for name in ("header_from", "envelope_from", "signer", "selector")),
        sa.Column("signature", sa.String(64), nullable=False),
        sa.Column("spf_domain", _NAME, nullable=False),
        *(sa.Column(name, sa.String(64), nullable=False) for name in ("spf_result", "result")),
        *(sa.Column(name, _NAME, nullable=False) for name in ("target", "reason")),
        sa.PrimaryKeyConstraint("parent", "number", name="pk_report_row"),
        sa.ForeignKeyConstraint(["parent"], ["report.id"], name="fk_report_row_parent_report", ondelete="CASCADE"),
    )
    columns = ["tenant", "kind", "day", "about", "source"]
    op.create_index("ix_report_row_tenant_kind_day_about_source", "report_row", columns)
