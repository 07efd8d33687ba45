"""Complaints and tickets.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_ID = sa.String(32)


def upgrade() -> None:
    """Add what this revision brings."""
    op.create_table(
        "complaint",
        sa.Column("message", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("event", sa.BigInteger, nullable=False),
        sa.Column("report", sa.BigInteger, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("seen", sa.Float, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("programme", sa.String(255), nullable=False),
        sa.Column("reports", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("message", "number", name="pk_complaint"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_complaint_tenant_tenant"),
    )
    op.create_index("ix_complaint_seen", "complaint", ["seen"])
    op.create_index("ix_complaint_tenant_message", "complaint", ["tenant", "message"])
    _tickets()


def _tickets() -> None:
    op.create_table(
        "ticket",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("sender", sa.String(320), nullable=False),
        sa.Column("received", sa.Float, nullable=False),
        sa.Column("seen", sa.Float, nullable=False),
        sa.Column("message", sa.BigInteger, nullable=False),
        sa.Column("likeness", sa.String(64), nullable=False),
        sa.Column("author", sa.String(320), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("about", sa.BigInteger, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("closed", sa.Float),
        sa.Column("closed_by", sa.String(255), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ticket"),
        sa.UniqueConstraint("message", name="uq_ticket_message"),
    )
    op.create_index("ix_ticket_sender", "ticket", ["sender"])
    op.create_index("ix_ticket_seen", "ticket", ["seen"])
    op.create_index("ix_ticket_likeness", "ticket", ["likeness"])
    op.create_index("ix_ticket_tenant_received_id", "ticket", ["tenant", "received", "id"])
