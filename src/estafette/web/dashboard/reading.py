"""What the page shows of a message; a damaged message shows what can be read."""

from __future__ import annotations

import html as markup
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from estafette.base import ids
from estafette.base.errors import EstafetteError
from estafette.base.log import get
from estafette.model.message import Content
from estafette.relay.viewing import LARGEST
from estafette.tracking.html import scan
from estafette.web.services import Services

SHOWN = 1_000_000
#: Links that the page lists, and characters of each one's words.
LINKS = 100
_WORDS = 80
#: Octets behind a link in which its words are looked for.
_NEAR = 1_000
_TAGS = re.compile(rb"<[^>]*(?:>|\Z)")
_log = get("web.dashboard")


@dataclass(frozen=True)
class Reading:
    """The parts of one message. links: (words, address) of its HTML. cut: the body is longer than what is shown."""

    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    links: tuple[tuple[str, str], ...]
    source: bytes
    cut: bool


async def copy(services: Services, content: Content, recipients: Mapping[int, str], number: int) -> bytes:
    """Return what a recipient would have got, where mail is captured; else, or when that fails, what was accepted."""
    if services.captured is None or content.size > LARGEST or number not in recipients:
        return await _accepted(services, content)
    try:
        return await services.captured.letter(content, number, recipients[number])
    except EstafetteError as error:
        _log.info("copy_not_written", message=content.id, cause=repr(error))
        return await _accepted(services, content)


async def _accepted(services: Services, content: Content) -> bytes:
    """Return at most ``SHOWN`` octets of a message, from the row or its file."""
    if not content.file:
        return content.body[:SHOWN]
    file = await services.spool.open_body(content)
    try:
        return bytes(file.read(SHOWN))
    finally:
        file.close()


def read(source: bytes, size: int) -> Reading:
    """Take a message apart for reading. size: octets of the whole of it, or of what was accepted."""
    shown = source[:SHOWN]
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(shown)
    html = _part(message, "html")
    return Reading(
        _headers(shown), _part(message, "plain"), html, _links(html), shown, size > len(source) or len(source) > SHOWN
    )


def _links(html: str) -> tuple[tuple[str, str], ...]:
    """Return (words, address) of the links to the web, whose addresses a page may name without danger."""
    page = html.encode("utf-8", "replace")
    found: list[tuple[str, str]] = []
    for _, begin, end, _, _ in scan(page).anchors[:LINKS]:
        address = markup.unescape(page[begin:end].decode("utf-8", "replace")).strip()
        if address.lower().startswith(("http://", "https://")):
            found.append((_words(page[end : end + _NEAR]) or address[:_WORDS], address))
    return tuple(found)


def _words(behind: bytes) -> str:
    """Return what a link says. behind: what follows its address in the page."""
    said = behind.partition(b">")[2].lower().partition(b"</a")[0]
    text = _TAGS.sub(b" ", behind.partition(b">")[2][: len(said)]).decode("utf-8", "replace")
    return " ".join(markup.unescape(text).split())[:_WORDS]


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
