"""Moments on a command line."""

from __future__ import annotations

from datetime import UTC, datetime

from estafette.cli.call import Usage


def moment(text: str, place: str) -> float:
    """Read RFC 3339, UTC when no zone is given, as unix seconds; 0 for "". place: the option, for Usage."""
    if not text:
        return 0.0
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Usage(f"{text!r} is no moment", place=place, fix="write it as 2026-01-31T12:00:00Z") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
