"""People, roles, invitations, sessions and management keys.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.String(32)
_NAME = sa.String(255)
_ADDRESS = sa.String(320)


def upgrade() -> None:
    """Add what this revision brings."""
    _people()
    _links()
    _log_ins()
    _keys()


def _people() -> None:
    op.create_table(
        "person",
        sa.Column("id", _ID, nullable=False),
        sa.Column("email", _ADDRESS, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("totp", sa.LargeBinary),
        sa.Column("totp_since", sa.Float),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("verified", sa.Float),
        sa.Column("disabled", sa.Float),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("email", name="uq_person_email"),
    )
    op.create_index("ix_person_created_id", "person", ["created", "id"])
    op.create_index("ix_person_version", "person", ["version"])
    op.create_table(
        "membership",
        sa.Column("user", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user", "tenant", name="pk_membership"),
        sa.ForeignKeyConstraint(["user"], ["person.id"], name="fk_membership_user"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_membership_tenant"),
    )
    op.create_index("ix_membership_tenant", "membership", ["tenant"])
    op.create_index("ix_membership_tenant_created_user", "membership", ["tenant", "created", "user"])
    op.create_index("ix_membership_version", "membership", ["version"])


def _links() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("email", _ADDRESS, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary, nullable=False),
        sa.Column("by", _NAME, nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("accepted", sa.Float),
        sa.Column("revoked", sa.Float),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_invitation_tenant"),
        sa.UniqueConstraint("token_sha256", name="uq_invitation_token_sha256"),
    )
    op.create_index("ix_invitation_tenant_created_id", "invitation", ["tenant", "created", "id"])
    op.create_index("ix_invitation_version", "invitation", ["version"])
    op.create_table(
        "mailed_link",
        sa.Column("token_sha256", sa.LargeBinary, nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("user", _ID, nullable=False),
        sa.Column("address", _ADDRESS, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_mailed_link"),
        sa.ForeignKeyConstraint(["user"], ["person.id"], name="fk_mailed_link_user"),
    )
    op.create_index("ix_mailed_link_user", "mailed_link", ["user"])


def _log_ins() -> None:
    op.create_table(
        "session",
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
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.ForeignKeyConstraint(["user"], ["person.id"], name="fk_session_user"),
        sa.UniqueConstraint("token_sha256", name="uq_session_token_sha256"),
    )
    op.create_index("ix_session_expires", "session", ["expires"])
    op.create_index("ix_session_user_created_id", "session", ["user", "created", "id"])
    op.create_table(
        "totp_step",
        sa.Column("user", _ID, nullable=False),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user", name="pk_totp_step"),
        sa.ForeignKeyConstraint(["user"], ["person.id"], name="fk_totp_step_user"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("user", _ID, nullable=False),
        sa.Column("code_sha256", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("user", "code_sha256", name="pk_recovery_code"),
        sa.ForeignKeyConstraint(["user"], ["person.id"], name="fk_recovery_code_user"),
    )
    op.create_table(
        "oidc_subject",
        sa.Column("issuer", _NAME, nullable=False),
        sa.Column("subject", _NAME, nullable=False),
        sa.Column("user", _ID, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_oidc_subject"),
        sa.ForeignKeyConstraint(["user"], ["person.id"], name="fk_oidc_subject_user"),
    )
    op.create_index("ix_oidc_subject_user", "oidc_subject", ["user"])


def _keys() -> None:
    op.create_table(
        "management_key",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("key_sha256", sa.LargeBinary, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("only_from", sa.JSON, nullable=False),
        sa.Column("recipients", sa.JSON, nullable=False),
        sa.Column("by", _NAME, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("expires", sa.Float),
        sa.Column("revoked", sa.Float),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_management_key"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_management_key_tenant"),
        sa.UniqueConstraint("key_sha256", name="uq_management_key_key_sha256"),
    )
    op.create_index("ix_management_key_tenant_created_id", "management_key", ["tenant", "created", "id"])
    op.create_index("ix_management_key_version", "management_key", ["version"])
    op.create_table(
        "letter",
        sa.Column("id", _ID, nullable=False),
        sa.Column("address", _ADDRESS, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_letter"),
    )
    op.create_index("ix_letter_created", "letter", ["created"])
