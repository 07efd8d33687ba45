"""In which language a tenant's people are written to.

This file is history: it never imports the living definitions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what this revision brings."""
    op.add_column("tenant", sa.Column("language", sa.String(2), nullable=False, server_default=""))
