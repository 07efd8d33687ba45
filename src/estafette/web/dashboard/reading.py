"""What the page shows of a stored message: headers, text, HTML; a damaged message shows what can be read."""

from __future__ import annotations

from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from estafette.base import ids
from estafette.model.message import Content
from estafette.web.services import Services

SHOWN = 1_000_000


@dataclass(frozen=True)
class Reading:
    """The parts of one message. cut: the body is longer than what is shown."""

    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    source: bytes
    cut: bool


async def body(services: Services, content: Content) -> bytes:
    """Return at most ``SHOWN`` octets of a message, from the row or its file."""
    if not content.file:
        return content.body[:SHOWN]
    file = await services.spool.open_body(content)
    try:
        return bytes(file.read(SHOWN))
    finally:
        file.close()


def read(source: bytes, size: int) -> Reading:
    """Take a message apart for reading."""
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(source)
    return Reading(_headers(source), _part(message, "plain"), _part(message, "html"), source, size > len(source))


def _headers(source: bytes) -> tuple[tuple[str, str], ...]:
    """Return the fields as they stand in the message, unfolded but not decoded."""
    fields: list[tuple[str, str]] = []
    for line in source.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").split("\r\n"):
        if line[:1] in (" ", "\t") and fields:
            fields[-1] = (fields[-1][0], f"{fields[-1][1]}\n{line}")
        else:
            name, _, value = line.partition(":")
            fields.append((name, value.strip()))
    return tuple(fields[:500])


def _part(message: EmailMessage, kind: str) -> str:
    try:
        part = message.get_body((kind,))
        return str(part.get_content()) if part is not None else ""
    except (LookupError, ValueError, AttributeError, KeyError):
        return ""


def visible(content: Content, tenant: str, credential: str) -> bool:
    """True when this caller may read a message: the tenant's own, and personal mail only by its sender."""
    return content.tenant == tenant and (content.kind != "personal" or content.credential == credential)


def number(text: str) -> int | None:
    """Read a message id; None when it is not one."""
    try:
        return ids.read(text)
    except ValueError:
        return None
