"""Anomalies: what was far from a tenant's own past.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.String(32)


def upgrade() -> None:
    """Add what this revision brings."""
    op.create_table(
        "anomaly",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("begun", sa.Float, nullable=False),
        sa.Column("seen", sa.Float, nullable=False),
        sa.Column("ended", sa.Float),
        sa.Column("told", sa.Float),
        sa.Column("first", sa.JSON, nullable=False),
        sa.Column("worst", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_anomaly"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_anomaly_tenant_tenant"),
    )
    op.create_index("ix_anomaly_ended", "anomaly", ["ended"])
    op.create_index("ix_anomaly_told", "anomaly", ["told"])
    op.create_index("ix_anomaly_tenant_begun_id", "anomaly", ["tenant", "begun", "id"])
