"""Suppressions: what is known of an entry, and its end; soft bounces by day.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ID = sa.String(32)


def upgrade() -> None:
    """Change what this revision changes."""
    op.add_column("suppression", sa.Column("expires", sa.Float))
    op.add_column("suppression", sa.Column("event", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("suppression", sa.Column("message", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("suppression", sa.Column("reply", sa.Text, nullable=False, server_default=""))
    op.add_column("suppression", sa.Column("observed", sa.Float, nullable=False, server_default="0"))
    op.create_index("ix_suppression_tenant_address", "suppression", ["tenant", "address"])
    ending = sa.text("expires IS NOT NULL")
    op.create_index("ix_suppression_ending", "suppression", ["expires"], sqlite_where=ending, postgresql_where=ending)
    special, columns = sa.text("address LIKE 'person:%' OR address LIKE '*@%'"), ["tenant", "address"]
    op.create_index("ix_suppression_special", "suppression", columns, sqlite_where=special, postgresql_where=special)
    op.create_table(
        "soft_bounce",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("day", sa.BigInteger, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "stream", "address", "rule", "day", name="pk_soft_bounce"),
    )
    op.create_index("ix_soft_bounce_day", "soft_bounce", ["day"])
