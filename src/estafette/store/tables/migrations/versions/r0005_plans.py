"""Plans, packs, usage, statements, trust.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.String(32)
_NAME = sa.String(255)


def upgrade() -> None:
    """Add what this revision brings."""
    _tenant()
    _plans()
    _usage()
    _records()
    _trust()


def _tenant() -> None:
    with op.batch_alter_table("tenant") as tenant:
        tenant.add_column(sa.Column("timezone", sa.String(64), nullable=False, server_default="UTC"))
        tenant.add_column(sa.Column("anchor", sa.Float, nullable=False, server_default="0"))
        tenant.add_column(sa.Column("overage", sa.String(8), nullable=False, server_default="stop"))
        tenant.add_column(sa.Column("alert_to", sa.String(320), nullable=False, server_default=""))
        tenant.add_column(sa.Column("trust", sa.String(16), nullable=False, server_default="full"))


def _plans() -> None:
    op.create_table(
        "plan",
        sa.Column("name", _NAME, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("price", sa.String(32), nullable=False),
        sa.Column("monthly", sa.BigInteger),
        sa.Column("daily", sa.BigInteger),
        sa.Column("hourly", sa.BigInteger),
        sa.Column("free", sa.BigInteger, nullable=False),
        sa.Column("free_per", sa.String(8), nullable=False),
        sa.Column("overage_price", sa.String(32), nullable=False),
        sa.Column("weights", sa.JSON, nullable=False),
        sa.Column("features", sa.JSON, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_plan"),
    )
    op.create_index("ix_plan_version", "plan", ["version"])
    op.create_table(
        "pack",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("units", sa.BigInteger, nullable=False),
        sa.Column("left", sa.BigInteger, nullable=False),
        sa.Column("price", sa.String(32), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pack"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_pack_tenant"),
    )
    op.create_index("ix_pack_tenant", "pack", ["tenant"])


def _usage() -> None:
    op.create_table(
        "usage",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("period", sa.String(8), nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("credential", _ID, nullable=False),
        sa.Column("recipients", sa.BigInteger, nullable=False),
        sa.Column("units", sa.BigInteger, nullable=False),
        sa.Column("free", sa.BigInteger, nullable=False),
        sa.Column("plan", sa.BigInteger, nullable=False),
        sa.Column("pack", sa.BigInteger, nullable=False),
        sa.Column("overage", sa.BigInteger, nullable=False),
        sa.Column("excess", sa.BigInteger, nullable=False),
        sa.Column("bounced", sa.BigInteger, nullable=False),
        sa.Column("complained", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "period", "start", "stream", "credential", name="pk_usage"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_usage_tenant"),
    )
    op.create_table(
        "slice",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("writer", sa.Integer, nullable=False),
        sa.Column("opens", sa.BigInteger, nullable=False),
        sa.Column("closes", sa.BigInteger, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("units", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_slice"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_slice_tenant"),
    )
    op.create_index("ix_slice_tenant", "slice", ["tenant"])
    op.create_table(
        "cursor",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_cursor"),
    )


def _records() -> None:
    op.create_table(
        "statement",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "start", name="pk_statement"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_statement_tenant"),
    )
    op.create_table(
        "alert",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("sent", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "start", "level", name="pk_alert"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_alert_tenant"),
    )


def _trust() -> None:
    op.create_table(
        "trust",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("allowed", sa.BigInteger, nullable=False),
        sa.Column("clean", sa.Integer, nullable=False),
        sa.Column("day", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_trust"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_trust_tenant"),
    )
    op.create_table(
        "suspension",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("credential", _ID, nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("numbers", sa.JSON, nullable=False),
        sa.Column("messages", sa.JSON, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("ended", sa.Float),
        sa.Column("told", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_suspension"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_suspension_tenant"),
    )
    op.create_index("ix_suspension_tenant", "suspension", ["tenant"])
