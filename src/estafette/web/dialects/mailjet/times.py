"""Times as Mailjet writes and reads them."""

from __future__ import annotations

from datetime import UTC, datetime

from estafette.relay.submission.wrong import wrong


def moment(seconds: float) -> str:
    """Write a time: RFC 3339 in UTC, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")


def seconds(text: str, field: str) -> int:
    """Return the unix seconds of a number or an RFC 3339 time; one without an offset is UTC. Wrong."""
    try:
        if text.isascii() and text.isdecimal():
            found = datetime.fromtimestamp(int(text), UTC)
        else:
            found = datetime.fromisoformat(text)
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError, OSError):
        raise wrong(
            "invalid_value", f"{text[:40]!r} is no time", "write unix seconds, or 2026-11-28T10:00:00Z", field
        ) from None
