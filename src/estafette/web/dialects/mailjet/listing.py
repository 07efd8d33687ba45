"""The form of every answer of ``/v3/REST``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def listing(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return items with their number."""
    return {"Count": len(items), "Data": list(items), "Total": len(items)}
