"""A message as an application writes it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Address:
    """An address and the name shown beside it; ``Name <a@b.example>`` as a text says the same."""

    email: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file: its octets, or the address from which the service fetches it before it answers.

    content_type: media type, "" = told by the name. cid: the content id by which the HTML shows it
    (``<img src="cid:logo">``), "" = attached. url: http or https, instead of content.
    """

    filename: str
    content: bytes = b""
    content_type: str = ""
    cid: str = ""
    url: str = ""

    @classmethod
    def of_file(cls, path: str | Path, *, cid: str = "") -> Self:
        """Read a file of this machine."""
        return cls(filename=Path(path).name, content=Path(path).read_bytes(), cid=cid)


@dataclass(frozen=True)
class Person:
    """A recipient who gets a message of its own. data: values for the texts; they win over those of the message.

    track: False = nothing is measured of this recipient.
    """

    to: str | Address
    data: Mapping[str, Any] = field(default_factory=dict)
    track: bool = True


Mailbox = str | Address
Mailboxes = Mailbox | Sequence[Mailbox]


@dataclass(frozen=True, kw_only=True)
class Message:
    """What ``POST /v1/emails`` takes; the service checks all of it.

    recipients: instead of to, cc and bcc: each gets a message of its own. template: id or name of a stored template,
    template_version 0 = the published one. data: values for the texts, which are then templates. stream: "" = that of
    the key. scheduled_at: with a time zone; None = now. expires_in: seconds that delivery may take, 0 = as the service
    does. track_opens, track_clicks: False = not; None and True = as the mode says. track_text: links of the text part
    too. tracking: the most that is measured (``off``, ``aggregate``, ``consented``, ``individual``), "" = as the stream
    says. link_tags: added to every link of the HTML, such as ``{"utm_source": "shop"}``. sandbox: check everything,
    send nothing.
    """

    from_: Mailbox
    to: Mailboxes = ()
    cc: Mailboxes = ()
    bcc: Mailboxes = ()
    reply_to: Mailboxes = ()
    recipients: Sequence[Person] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    attachments: Sequence[Attachment] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    stream: str = ""
    campaign: str = ""
    template: str = ""
    template_version: int = 0
    data: Mapping[str, Any] | None = None
    scheduled_at: datetime | None = None
    expires_in: float = 0.0
    track_opens: bool | None = None
    track_clicks: bool | None = None
    track_text: bool = False
    tracking: str = ""
    link_tags: Mapping[str, str] = field(default_factory=dict)
    sandbox: bool = False
    topic: str = ""


def body_of(item: Message | Attachment | Person | Address) -> dict[str, Any]:
    """Return the JSON object of what was written; what was left out is left out. ValueError for a time without zone."""
    given = ((each, getattr(item, each.name)) for each in fields(item))
    return {each.name.rstrip("_"): _plain(value) for each, value in given if value != _default(each)}


def moment(time: datetime) -> str:
    """Write a time (RFC 3339). ValueError when it has no time zone: nobody can know when it is."""
    if time.tzinfo is None:
        raise ValueError(f"{time} has no time zone; write datetime(..., tzinfo=UTC)")
    return time.isoformat()


def _default(each: Field[Any]) -> object:
    return each.default if each.default_factory is MISSING else each.default_factory()


def _plain(value: object) -> object:
    if isinstance(value, Attachment | Person | Address):
        return body_of(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return dict(value) if isinstance(value, Mapping) else value
