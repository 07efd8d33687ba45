"""Reports of receivers: DMARC and TLS."""

from __future__ import annotations

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change what this revision changes."""
