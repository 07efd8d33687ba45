"""What servers said to the mail of streams of late, and streams that are slowed.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_ID = sa.String(32)


def upgrade() -> None:
    """Add what this revision brings."""
    op.create_table(
        "spell",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("site", sa.String(255), nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint("tenant", "start", "stream", "site", name="pk_spell"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_spell_tenant_tenant"),
    )
    op.create_table(
        "pace",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("site", sa.String(255), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("rate", sa.Float, nullable=False),
        sa.Column("usual", sa.Float, nullable=False),
        sa.Column("numbers", sa.JSON, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("ended", sa.Float),
        sa.Column("ended_by", sa.String(255), nullable=False),
        sa.Column("told", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_pace"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_pace_tenant_tenant"),
    )
    op.create_index("ix_pace_tenant", "pace", ["tenant"])
    op.create_index("ix_pace_ended", "pace", ["ended"])


_COUNTS = ("attempted", "deferred", "hard", "unknown", "blocked")
