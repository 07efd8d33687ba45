"""A letter: a message as an application gives it, in fields or whole, before it is composed and passes the gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from estafette.model.address import AddressError, parse_path
from estafette.model.stream import Tracking
from estafette.model.template import Variable


class Mailbox(msgspec.Struct, frozen=True, array_like=True):
    """An address as given, and the name shown beside it."""

    address: str
    name: str = ""


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file with a letter.

    content: its octets, decoded; empty while ``url`` says where they are fetched from. type: media type such as
    ``image/png``, "" = told by the name. cid: the content id by which the HTML shows it inline, "" = attached.
    """

    name: str
    content: bytes = b""
    type: str = ""
    cid: str = ""
    url: str = ""


class Person(msgspec.Struct, frozen=True, array_like=True):
    """One recipient of a personalised letter, who gets a copy to this address alone.

    data: values for the texts; they win over those of the letter. track: False = nothing is measured of this one.
    """

    mailbox: Mailbox
    data: Mapping[str, Any] = msgspec.field(default_factory=dict)
    track: bool = True


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What one item of a request asks for; the service checks all of it.

    people: instead of to, cc and bcc: recipients who each get a copy of their own. template: id or name of a stored
    template; version: of it, 0 = the published one. data: values for the texts, which are templates exactly when data
    is given, here or for a person, or a template is named. headers: further fields, by name. scheduled_at: unix
    seconds, 0 = now. expires_in: seconds that delivery may take once it is due, 0 = as the settings say. stream: "" =
    the credential's own; topic: of it, "" = none in particular. opens, clicks: whether to track, None = as the mode
    says. tracking: the most that is measured, "" = as the stream says; caps: the same of single recipients, by their
    address as it is given here.
    track_text: links of the text part too. sandbox: check everything, send nothing. link_tags: pairs that every link
    of the HTML gets in its query, such as ``utm_source=shop``.
    once: nobody gets its campaign twice.
    raw: the whole message instead of subject, texts, files and fields.
    """

    sender: Mailbox
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    people: tuple[Person, ...] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = msgspec.field(default_factory=dict)
    stream: str = ""
    topic: str = ""
    campaign: str = ""
    template: str = ""
    version: int = 0
    data: Mapping[str, Any] | None = None
    scheduled_at: float = 0.0
    expires_in: float = 0.0
    opens: bool | None = None
    clicks: bool | None = None
    sandbox: bool = False
    tracking: Tracking | Literal[""] = ""
    caps: Mapping[str, Tracking] = msgspec.field(default_factory=dict)
    track_text: bool = False
    link_tags: str = ""
    once: bool = False
    raw: bytes = b""
    parts: tuple[tuple[str, str], ...] = ()
    variables: tuple[Variable, ...] = ()

    @property
    def templated(self) -> bool:
        """Whether the texts are templates, to be rendered with data."""
        return bool(self.template) or self.data is not None or any(person.data for person in self.people)


def read_mailbox(text: str) -> Mailbox:
    """Read ``a@b.example``, ``Name <a@b.example>`` or ``"Name" <a@b.example>``; AddressError when it is neither."""
    text = text.strip()
    if not text.endswith(">"):
        parse_path(text, smtputf8=True)
        return Mailbox(text)
    name, opened, path = text[:-1].rpartition("<")
    if not opened:
        raise AddressError("a mailbox is an address, or a name and an address in angle brackets")
    parse_path(path, smtputf8=True)
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return Mailbox(path, name)
