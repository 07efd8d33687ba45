"""Webhooks, their calls, and how far the event log was read for them.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ID = sa.String(32)


def upgrade() -> None:
    """Add what this revision brings."""
    _webhook()
    _call()
    op.create_table(
        "webhook_reader",
        sa.Column("id", _ID, nullable=False),
        sa.Column("webhook", _ID, nullable=False),
        sa.Column("cursor", sa.BigInteger, nullable=False),
        sa.Column("stop", sa.BigInteger, nullable=False),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_reader"),
    )
    op.execute("INSERT INTO change (name, version) VALUES ('webhook', 1)")


def _webhook() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("events", sa.JSON, nullable=False),
        sa.Column("streams", sa.JSON, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("concurrency", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("failing", sa.Float, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("changed", sa.Float, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_webhook_tenant_tenant"),
    )
    op.create_index("ix_webhook_tenant_created_id", "webhook", ["tenant", "created", "id"])
    op.create_index("ix_webhook_version", "webhook", ["version"])


def _call() -> None:
    op.create_table(
        "webhook_call",
        sa.Column("webhook", _ID, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("message", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("due", sa.Float),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("ended", sa.Float, nullable=False),
        sa.Column("tried", sa.Integer, nullable=False),
        sa.Column("tries", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("webhook", "id", name="pk_webhook_call"),
    )
    for columns in (["due"], ["message", "state"], ["state", "created", "id"], ["created", "id"]):
        op.create_index(f"ix_webhook_call_webhook_{'_'.join(columns)}", "webhook_call", ["webhook", *columns])
