"""What a kept message says: its parts as far as they can be read, and all of it."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from typing import Any


def content(body: bytes) -> dict[str, Any]:
    """Return texts, names of files and the whole of a message; everything is empty when nothing is kept."""
    parts = [part for part in message_from_bytes(body).walk() if not part.is_multipart()] if body else []
    files = [(part, part.get_filename()) for part in parts]
    return {
        "TextBody": next((_text(part) for part, name in files if not name and _is(part, "text/plain")), ""),
        "HtmlBody": next((_text(part) for part, name in files if not name and _is(part, "text/html")), ""),
        "Body": body.decode("utf-8", "replace"),
        "Attachments": [name for _, name in files if name],
    }


def _is(part: Message, kind: str) -> bool:
    return part.get_content_type() == kind


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        return payload.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return payload.decode("ascii", "replace")
