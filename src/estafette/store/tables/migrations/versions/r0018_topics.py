"""Topics of streams. What recipients chose rests among the suppressions, whose ``stream`` may be ``STREAM/TOPIC``.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what this revision brings."""
    op.create_table(
        "topic",
        sa.Column("tenant", sa.String(32), nullable=False),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("name", sa.String(48), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("french", sa.String(255), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "stream", "name", name="pk_topic"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_topic_tenant"),
    )
    op.create_index("ix_topic_version", "topic", ["version"])
