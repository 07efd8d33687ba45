"""What a submission server repairs (RFC 6409 section 8), as byte edits; all else stays as it was."""

from __future__ import annotations

import re

from estafette.mail.dates import date_field
from estafette.mail.headers import Head
from estafette.mail.overlong import reencode

LINE_LIMIT = 998
#: Return-Path is the last server's to write: who submits must not send one (RFC 5321 section 4.4).
_NEVER_SENT = frozenset({b"bcc", b"resent-bcc", b"return-path"})
_ANY_LINE_END = re.compile(rb"\r\n|\r|\n")


def prepare_submission(
    body: bytes, head: Head, *, received: bytes, date: float, message_id: bytes,
    reply_to: bytes = b"", remove: frozenset[bytes] = frozenset(),
) -> bytes:  # fmt: skip
    """Return the message with Received on top, Date and Message-ID when missing, without Bcc and Return-Path.

    date: seconds since 1970. message_id: ``<id@domain>``. reply_to: an address for a message that has no Reply-To,
    b"" to leave it without. remove: further fields to take out, lower-case names.
    """
    added = [received]
    if not head.contains(b"date"):
        added.append(b"Date: " + date_field(date).encode() + b"\r\n")
    if not head.contains(b"message-id"):
        added.append(b"Message-ID: " + message_id + b"\r\n")
    if reply_to and not head.contains(b"reply-to"):
        added.append(b"Reply-To: " + reply_to + b"\r\n")
    if not head.divided:
        return b"".join(added) + _undivided(body, head, remove)
    position = 0
    for name, start, _, stop in head.fields:
        if name in _NEVER_SENT or name in remove:
            added.append(body[position:start])
            position = stop
    added.append(body[position:] if position else body)
    return b"".join(added)


def _undivided(body: bytes, head: Head, remove: frozenset[bytes]) -> bytes:
    """Return what follows the added fields when no empty line was there: the body alone, or fields alone."""
    if not head.fields:
        return b"\r\n" + body
    section = head.section
    return b"".join(
        section[start:stop] for name, start, _, stop in head.fields if name not in _NEVER_SENT and name not in remove
    )


def safe_lines(body: bytes, *, checked: bool = False) -> bytes:
    """Return the message with CRLF lines only and none above 998 octets; itself when it was so already.

    checked: the door has already seen to it that every line ends in CRLF and no CR or LF stands alone.
    Refusal 550 5.6.0 when an overlong line cannot be repaired without changing what it says.
    """
    if not checked and not body.count(b"\n") == body.count(b"\r") == body.count(b"\r\n"):
        body = _ANY_LINE_END.sub(b"\r\n", body)
    return reencode(body) if overlong(body) else body


def overlong(body: bytes) -> bool:
    """Whether a line exceeds 998 octets; looks at about one place in a thousand octets."""
    position = 0
    last = len(body) - LINE_LIMIT
    while position < last:
        found = body.rfind(b"\n", position, position + LINE_LIMIT + 2)
        if found < 0:
            return True
        position = found + 1
    return False
