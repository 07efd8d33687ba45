"""Log-ins of operators.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ID = sa.String(32)
_NAME = sa.String(255)


def upgrade() -> None:
    """Add what this revision brings."""
    op.create_table(
        "operator_session",
        sa.Column("id", _ID, nullable=False),
        sa.Column("user", _ID, nullable=False),
        sa.Column("token_sha256", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("seen", sa.Float, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("agent", _NAME, nullable=False),
        sa.Column("how", sa.String(64), nullable=False),
        sa.Column("revoked", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_operator_session"),
        sa.ForeignKeyConstraint(["user"], ["operator.id"], name="fk_operator_session_user"),
        sa.UniqueConstraint("token_sha256", name="uq_operator_session_token_sha256"),
    )
    op.create_index("ix_operator_session_user_created_id", "operator_session", ["user", "created", "id"])
