"""The first control tables. This file is history: it never imports the living definitions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.String(32)
_NAME = sa.String(255)


def upgrade() -> None:
    """Create every table and start the two change counters."""
    _service()
    _tenants()
    _domains()
    _senders()
    change = sa.table("change", sa.column("name", sa.String), sa.column("version", sa.BigInteger))
    op.bulk_insert(change, [{"name": "control", "version": 1}, {"name": "suppression", "version": 1}])


def _service() -> None:
    op.create_table(
        "change",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_change"),
    )
    op.create_table(
        "operator",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("api_key_sha256", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operator"),
        sa.UniqueConstraint("name", name="uq_operator_name"),
        sa.UniqueConstraint("api_key_sha256", name="uq_operator_api_key_sha256"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("actor", _NAME, nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_tenant", "audit", ["tenant"])


def _tenants() -> None:
    op.create_table(
        "tenant",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("plan", _NAME, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("postal_address", sa.Text, nullable=False),
        sa.Column("show_id", sa.Boolean, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("queued_limit", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_tenant"),
        sa.UniqueConstraint("name", name="uq_tenant_name"),
    )
    op.create_table(
        "stream",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("egress", sa.String(64), nullable=False),
        sa.Column("report_to", sa.String(320), nullable=False),
        sa.Column("retention", sa.Float),
        sa.Column("suspended", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name="pk_stream"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_stream_tenant"),
    )


def _domains() -> None:
    op.create_table(
        "domain",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("checked", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_domain"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_domain_tenant"),
        sa.UniqueConstraint("tenant", "name", name="uq_domain_tenant_name"),
    )
    proved = sa.text("status <> 'pending'")
    op.create_index("ix_domain_owner", "domain", ["name"], unique=True, sqlite_where=proved, postgresql_where=proved)
    op.create_table(
        "dkim_key",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("domain", _NAME, nullable=False),
        sa.Column("selector", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "domain", "selector", name="pk_dkim_key"),
    )


def _senders() -> None:
    op.create_table(
        "credential",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("username", _NAME, nullable=False),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("password_sha256", sa.LargeBinary, nullable=False),
        sa.Column("api_key_sha256", sa.LargeBinary, nullable=False),
        sa.Column("senders", sa.JSON, nullable=False),
        sa.Column("networks", sa.JSON, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("revoked", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_credential"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_credential_tenant"),
        sa.UniqueConstraint("username", name="uq_credential_username"),
        sa.UniqueConstraint("api_key_sha256", name="uq_credential_api_key_sha256"),
    )
    op.create_index("ix_credential_tenant", "credential", ["tenant"])
    op.create_table(
        "suppression",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "stream", "address", name="pk_suppression"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_suppression_tenant"),
    )
