"""Where mail that comes to domains goes.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_ID = sa.String(32)


def upgrade() -> None:
    """Add what this revision brings."""
    op.create_table(
        "route",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("pattern", sa.String(64), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_route"),
        sa.UniqueConstraint("tenant", "domain", "pattern", name="uq_route_tenant_domain_pattern"),
        sa.ForeignKeyConstraint(
            ["tenant", "domain"], ["domain.tenant", "domain.name"], name="fk_route_tenant_domain"
        ),
    )  # fmt: skip
    op.create_index("ix_route_version", "route", ["version"])
