"""Whose header fields the programs of a credential write.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what this revision brings."""
    op.add_column("credential", sa.Column("headers", sa.String(16), nullable=False, server_default=""))
