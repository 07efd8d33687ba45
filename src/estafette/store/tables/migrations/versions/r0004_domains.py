"""Domains, senders, labels, keys in stages; streams with their habits; looks at private mail.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.String(32)
_NAME = sa.String(255)
_ADDRESS = sa.String(320)


def upgrade() -> None:
    """Add what this revision brings."""
    op.create_index("ix_domain_name_id", "domain", ["name", "id"])
    _streams()
    _domains()
    _keys()
    _senders()
    _looks()


def _streams() -> None:
    with op.batch_alter_table("stream") as stream:
        stream.add_column(sa.Column("tracking", sa.String(16), nullable=False, server_default="off"))
        stream.add_column(sa.Column("reply_to", _ADDRESS, nullable=False, server_default=""))
        stream.add_column(sa.Column("window_days", sa.JSON, nullable=False, server_default="[]"))
        stream.add_column(sa.Column("window_from", sa.String(5), nullable=False, server_default=""))
        stream.add_column(sa.Column("window_to", sa.String(5), nullable=False, server_default=""))
        stream.add_column(sa.Column("window_zone", sa.String(64), nullable=False, server_default=""))
        stream.add_column(sa.Column("suppression", sa.String(8), nullable=False, server_default="stream"))


def _domains() -> None:
    with op.batch_alter_table("domain") as domain:
        domain.add_column(sa.Column("issued", sa.Float, nullable=False, server_default="0"))
        domain.add_column(sa.Column("zone", _NAME, nullable=False, server_default=""))
        domain.add_column(sa.Column("label", _ID, nullable=False, server_default=""))
        domain.add_column(sa.Column("warned", sa.Float))
        domain.add_column(sa.Column("reason", sa.Text, nullable=False, server_default=""))
    op.execute("UPDATE domain SET issued = created")
    op.create_index("ix_domain_checked", "domain", ["checked"])
    op.create_table(
        "label",
        sa.Column("label", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("domain", _NAME, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("label", name="pk_label"),
    )


def _keys() -> None:
    with op.batch_alter_table("dkim_key") as key:
        key.add_column(sa.Column("seen", sa.Float, nullable=False, server_default="0"))
        key.add_column(sa.Column("since", sa.Float, nullable=False, server_default="0"))
        key.add_column(sa.Column("until", sa.Float))
    op.execute("UPDATE dkim_key SET since = created")
    # What signs already goes on signing; the daily check looks at its record.
    op.execute("UPDATE dkim_key SET seen = created WHERE stage = 'active'")
    op.create_index("ix_dkim_key_stage_since", "dkim_key", ["stage", "since"])


def _senders() -> None:
    op.create_table(
        "sender",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("address", _ADDRESS, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("verified", sa.Float),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sender"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_sender_tenant"),
        sa.UniqueConstraint("tenant", "address", name="uq_sender_tenant_address"),
        sa.UniqueConstraint("token_sha256", name="uq_sender_token_sha256"),
    )
    op.create_index("ix_sender_version", "sender", ["version"])
    op.create_index("ix_sender_created_id", "sender", ["created", "id"])


def _looks() -> None:
    op.create_table(
        "look",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("credential", _ID, nullable=False),
        sa.Column("user", _ID, nullable=False),
        sa.Column("by", _NAME, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_look"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_look_tenant"),
    )
    op.create_index("ix_look_tenant_created_id", "look", ["tenant", "created", "id"])
