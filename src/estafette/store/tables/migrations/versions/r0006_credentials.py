"""Limits, expiry and explanations of credentials.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what this revision brings."""
    op.add_column("tenant", sa.Column("parent", sa.String(32), nullable=False, server_default=""))
    op.create_index("ix_tenant_parent", "tenant", ["parent"])
    op.create_index("ix_tenant_created_id", "tenant", ["created", "id"])
    for name in ("message_recipients", "per_minute", "per_hour", "per_day"):
        op.add_column("credential", sa.Column(name, sa.Integer))
    op.add_column("credential", sa.Column("expires", sa.Float))
    op.add_column("credential", sa.Column("recipients", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("credential", sa.Column("only_from", sa.JSON, nullable=False, server_default="[]"))
    op.create_index("ix_credential_tenant_created_id", "credential", ["tenant", "created", "id"])
    op.create_index("ix_credential_tenant_stream_created_id", "credential", ["tenant", "stream", "created", "id"])
    op.create_index("ix_credential_created_id", "credential", ["created", "id"])
    ended = sa.text("revoked IS NOT NULL")
    columns = ["tenant", "created", "id"]
    op.create_index("ix_credential_ended", "credential", columns, sqlite_where=ended, postgresql_where=ended)
    _log_ins()


def _log_ins() -> None:
    op.create_table(
        "login_failure",
        sa.Column("tenant", sa.String(32), nullable=False),
        sa.Column("username", sa.String(255), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("first", sa.Float, nullable=False),
        sa.Column("last", sa.Float, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "username", "address", "reason", name="pk_login_failure"),
    )
    op.create_index("ix_login_failure_tenant_last", "login_failure", ["tenant", "last"])
    op.create_table(
        "last_use",
        sa.Column("credential", sa.String(32), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("credential", name="pk_last_use"),
    )
    op.create_table(
        "credential_use",
        sa.Column("credential", sa.String(32), nullable=False),
        sa.Column("span", sa.Integer, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("used", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("credential", "span", "start", name="pk_credential_use"),
    )
