"""Where the people of a domain read their mail, so that mail programs can be told.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_NAME = sa.String(255)


def upgrade() -> None:
    """Add what this revision brings."""
    for column in (
        sa.Column("incoming_host", _NAME, nullable=False, server_default=""),
        sa.Column("incoming_port", sa.Integer, nullable=False, server_default="0"),
        sa.Column("incoming_socket", sa.String(16), nullable=False, server_default="tls"),
        sa.Column("incoming_sign_in", sa.String(16), nullable=False, server_default="password"),
        sa.Column("incoming_login", _NAME, nullable=False, server_default=""),
    ):
        op.add_column("domain", column)
