"""Row versions and tombstones: what changed since a counter, for readers and for If-Match. An audit that only grows.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SQLITE = (
    """CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END""",
    """CREATE TRIGGER audit_keeps BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END""",
)
_POSTGRESQL = (
    """CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE integrity_constraint_violation USING MESSAGE = 'the audit is append-only'; END $$""",
    """CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
)


def upgrade() -> None:
    """Add what this revision brings."""
    for table in ("tenant", "stream", "domain", "dkim_key", "credential", "suppression"):
        op.add_column(table, sa.Column("version", sa.BigInteger, nullable=False, server_default="1"))
        op.create_index(f"ix_{table}_version", table, ["version"])
    op.create_table(
        "tombstone",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_tombstone"),
    )
    op.create_index("ix_tombstone_version", "tombstone", ["version"])
    _audit()


def _audit() -> None:
    op.drop_index("ix_audit_tenant", "audit")
    op.create_index("ix_audit_tenant", "audit", ["tenant", "id"])
    op.add_column("audit", sa.Column("before", sa.JSON))
    op.add_column("audit", sa.Column("after", sa.JSON))
    op.add_column("audit", sa.Column("address", sa.String(64), nullable=False, server_default=""))
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
