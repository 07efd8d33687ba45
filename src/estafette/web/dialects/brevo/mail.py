"""A mail as it went, read back: its subject, the text that people saw, and how many files came with it."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message

import msgspec

from estafette.web.shapes import subject


class Mail(msgspec.Struct, frozen=True):
    """What a recipient got. body: the HTML, else the text."""

    subject: str = ""
    body: str = ""
    attachments: int = 0


def opened(octets: bytes) -> Mail:
    """Return what a message says; what cannot be read of it is left out."""
    try:
        return _read(message_from_bytes(octets))
    except RecursionError:
        return Mail()


def _read(message: Message) -> Mail:
    texts: dict[str, str] = {}
    files = 0
    for part in message.walk():
        kind = part.get_content_type()
        if part.is_multipart():
            continue
        if part.get_content_disposition() == "attachment" or kind not in {"text/html", "text/plain"}:
            files += part.get_content_disposition() == "attachment"
        else:
            texts.setdefault(kind, _text(part))
    body = texts.get("text/html") or texts.get("text/plain", "")
    return Mail(subject(" ".join(str(message.get("Subject", "")).split())), body, files)


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    try:
        return content.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")
