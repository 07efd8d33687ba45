"""What a tenant may measure, who agreed to it, and under whose name measured links lead to us.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.String(32)
_PERSON = sa.LargeBinary(12)
_DIGEST = sa.LargeBinary(16)


def upgrade() -> None:
    """Add what this revision brings."""
    op.add_column("tenant", sa.Column("tracking", sa.String(16), nullable=False, server_default="individual"))
    op.add_column("domain", sa.Column("tracked", sa.Float, nullable=False, server_default="0"))
    op.create_table(
        "consent",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("person", _PERSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person", name="pk_consent"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_consent_tenant"),
    )
    op.create_index("ix_consent_version", "consent", ["version"])
    _proof()
    op.execute("INSERT INTO change (name, version) VALUES ('consent', 1)")


def _proof() -> None:
    op.create_table(
        "consent_act",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("person", _PERSON, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("recorded", sa.Float, nullable=False),
        sa.Column("method", sa.String(64), nullable=False),
        sa.Column("by", sa.String(255), nullable=False),
        sa.Column("shown", _DIGEST, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person", "number", name="pk_consent_act"),
    )
    op.create_table(
        "consent_text",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("digest", _DIGEST, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "digest", name="pk_consent_text"),
    )
