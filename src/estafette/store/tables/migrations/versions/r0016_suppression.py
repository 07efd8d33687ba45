"""Suppressions: what is known of an entry, and its end."""

from __future__ import annotations

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change what this revision changes."""
