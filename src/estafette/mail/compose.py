"""Composition: from the fields of a draft to the octets of a message, CRLF lines, never above 998 octets.

Pure: date, message id and boundaries are given, so that the same draft is always the same message. What is written on
top is read again line by line: no value can bring a field of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from estafette.mail import words
from estafette.mail.dates import date_field
from estafette.mail.links import tagged
from estafette.mail.parts import multipart, text_part
from estafette.model.address import parse_path
from estafette.model.letter import Mailbox
from estafette.model.recipe import Draft

#: Fields that the service itself writes, or that say what only a server may say.
RESERVED = frozenset(
    [
        "from",
        "sender",
        "to",
        "cc",
        "bcc",
        "reply-to",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "received",
        "return-path",
        "delivered-to",
        "dkim-signature",
        "domainkey-signature",
        "authentication-results",
        "received-spf",
        "resent-from",
        "resent-to",
        "resent-cc",
        "resent-bcc",
        "resent-sender",
        "resent-date",
        "resent-message-id",
    ]
)
_RESERVED_STARTS = ("content-", "arc-", "x-estafette-")
_STRUCTURED = frozenset(
    [
        "references",
        "in-reply-to",
        "list-id",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "list-help",
        "list-subscribe",
        "list-post",
        "list-owner",
        "list-archive",
        "precedence",
        "auto-submitted",
        "importance",
        "priority",
        "x-priority",
        "feedback-id",
        "disposition-notification-to",
    ]
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,75}")
_LINES = re.compile(
    rb"(?:[A-Za-z0-9][A-Za-z0-9_-]*: ?[^\x00-\x1f\x7f]*\r\n(?: [^\x00-\x1f\x7f]*[!-~\x80-\xff][^\x00-\x1f\x7f]*\r\n)*)*"
)
_START = re.compile(rb"^([A-Za-z0-9][A-Za-z0-9_-]*):", re.MULTILINE)


class Unsafe(ValueError):
    """A header block that does not read as it was meant; nothing is sent of it."""


def field_name(name: str) -> str:
    """Return the name of a further field; BadText for a reserved one, and for what is no name."""
    low = name.lower()
    if low in RESERVED or low.startswith(_RESERVED_STARTS):
        raise words.BadText("is a field that the service writes itself")
    if _NAME.fullmatch(name) is None:
        raise words.BadText("is no name of a header field")
    return name


def further_field(name: str, value: str) -> str:
    """Return a field that the sender added, with its CRLF; BadText names the rule that it breaks."""
    write = words.structured if field_name(name).lower() in _STRUCTURED else words.unstructured
    return write(name, value)


def address_field(name: str, mailboxes: Sequence[Mailbox]) -> str:
    """Return a field of mailboxes. AddressError, BadText."""
    tokens: list[str] = []
    for mailbox in mailboxes:
        address = parse_path(mailbox.address, smtputf8=True).text
        tokens += [*words.phrase(mailbox.name), f"<{address}>,"] if mailbox.name.strip() else [f"{address},"]
    tokens[-1] = tokens[-1][:-1]
    return words.folded(name, tokens)


def compose(draft: Draft) -> bytes:
    """Return the message; BadText or AddressError for what cannot be written, Unsafe when it would read otherwise."""
    fields = ["From", "Subject", "Date", "MIME-Version"]
    lines = [
        address_field("From", (draft.sender,)),
        words.unstructured("Subject", draft.subject),
        f"Date: {date_field(draft.date)}\r\n",
        "MIME-Version: 1.0\r\n",
    ]
    for name, mailboxes in (("To", draft.to), ("Cc", draft.cc), ("Reply-To", draft.reply_to)):
        if mailboxes:
            fields.append(name)
            lines.append(address_field(name, mailboxes))
    if draft.message_id:
        fields.append("Message-ID")
        lines.append(f"Message-ID: <{draft.message_id}>\r\n")
    for name, value in draft.headers:
        fields.append(name)
        lines.append(further_field(name, value))
    head = "".join(lines).encode()
    verify(head, fields)
    return head + _body(draft)


def verify(head: bytes, names: Sequence[str]) -> None:
    """Raise Unsafe unless a header block holds exactly these fields, whole lines, and no control character."""
    found = [name.decode() for name in _START.findall(head)]
    if found != list(names) or _LINES.fullmatch(head) is None or max(map(len, head.split(b"\r\n"))) > words.LONGEST:
        raise Unsafe("the header would not read as it was meant")


def _body(draft: Draft) -> bytes:
    """Return the body with the MIME fields that describe it: alternatives inside, then what HTML shows, then files."""
    attached = draft.attached
    if draft.html:
        html = text_part(tagged(draft.html, draft.link_tags) if draft.link_tags else draft.html, "html")
        if draft.inline:
            html = multipart("related", f"=_{draft.seed}_r", [html, *draft.inline], ' type="text/html";')
        whole = (
            html
            if not draft.text
            else multipart("alternative", f"=_{draft.seed}_a", [text_part(draft.text, "plain"), html])
        )
    else:
        attached = (*draft.inline, *attached)
        whole = text_part(draft.text, "plain")
    return multipart("mixed", f"=_{draft.seed}_m", [whole, *attached]) if attached else whole
