"""A message as it is asked for, with texts of its own or with a template, and the letter that it means."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field

from estafette.model.letter import Attachment, Letter, Mailbox
from estafette.relay.submission.wrong import wrong
from estafette.web.api.letters import Octets
from estafette.web.api.strict import Body
from estafette.web.dialects.people import mailboxes
from estafette.web.dialects.translation import refused

#: Postmark's ready-made streams -> ours; another name is that of a stream.
STREAMS = MappingProxyType({"outbound": "transactional", "broadcast": "bulk"})
_LINKS = MappingProxyType({"None": False, "HtmlAndText": True, "HtmlOnly": True})
#: Characters of an id of ours, which are capitals and digits; a template's name has no capitals.
ID_LENGTH = 13
Word = Annotated[str, Field(max_length=1000)]


class File(Body):
    """A file, or with a ContentID a picture that the HTML shows."""

    Name: str = Field(min_length=1, max_length=255)
    Content: Octets
    ContentType: str = Field(default="", max_length=255)
    ContentID: str | None = Field(default=None, max_length=200)

    def attachment(self) -> Attachment:
        """Return the attachment; its content id may be written with ``cid:`` before it."""
        cid = (self.ContentID or "").removeprefix("cid:").strip("<>")
        return Attachment(name=self.Name, content=self.Content, type=self.ContentType, cid=cid)


class HeaderField(Body):
    """A further field."""

    Name: str
    Value: str | None = None


class Message(Body):
    """What a message has whether its texts are its own or a template's."""

    From: str = Field(max_length=2000)
    To: str | None = None
    Cc: str | None = None
    Bcc: str | None = None
    ReplyTo: str | None = None
    Tag: Word | None = None
    Headers: list[HeaderField] | None = None
    TrackOpens: bool | None = None
    TrackLinks: Literal["None", "HtmlAndText", "HtmlOnly", "TextOnly"] | None = None
    Metadata: dict[str, str | int | float | None] | None = None
    Attachments: list[File] | None = None
    MessageStream: str | None = Field(default=None, max_length=64)

    def letter(self) -> Letter:
        """Return the letter; Wrong for what we do not do."""
        if self.TrackLinks == "TextOnly":
            raise refused("TrackLinks", "links are not followed in the text alone", "choose HtmlAndText or None")
        stream = self.MessageStream or ""
        return Letter(
            sender=self._sender(),
            to=mailboxes(self.To or ""),
            cc=mailboxes(self.Cc or ""),
            bcc=mailboxes(self.Bcc or ""),
            reply_to=mailboxes(self.ReplyTo or ""),
            attachments=tuple(file.attachment() for file in self.Attachments or ()),
            headers=tuple((field.Name, field.Value or "") for field in self.Headers or ()),
            tags=(self.Tag,) if self.Tag else (),
            metadata={name: str(value) for name, value in (self.Metadata or {}).items() if value is not None},
            stream=STREAMS.get(stream, stream),
            opens=self.TrackOpens,
            clicks=None if self.TrackLinks is None else _LINKS[self.TrackLinks],
            track_text=self.TrackLinks == "HtmlAndText",
        )

    def _sender(self) -> Mailbox:
        senders = mailboxes(self.From) or (Mailbox(""),)
        if len(senders) > 1:
            raise refused("From", "several senders are not offered", "name one")
        return senders[0]


class Plain(Message):
    """A message with texts of its own."""

    Subject: str | None = None
    HtmlBody: str | None = None
    TextBody: str | None = None

    def letter(self) -> Letter:
        """Return the letter; Wrong for what we do not do."""
        return msgspec.structs.replace(
            super().letter(), subject=self.Subject or "", text=self.TextBody or "", html=self.HtmlBody or ""
        )


class Templated(Plain):
    """A message with a template, named by number or by alias, and values for it."""

    TemplateId: int | None = None
    TemplateAlias: str | None = Field(default=None, max_length=64)
    TemplateModel: dict[str, Any] = Field(default={})
    InlineCss: bool | None = None

    def letter(self) -> Letter:
        """Return the letter; Wrong for what we do not do."""
        if not self.TemplateId and not self.TemplateAlias:
            raise wrong("template_missing", "neither TemplateId nor TemplateAlias", "name a template", "TemplateId")
        if self.Subject or self.HtmlBody or self.TextBody:
            fix = "leave Subject, HtmlBody and TextBody out"
            raise wrong("template_and_texts", "a template brings the texts", fix, "TemplateId")
        if self.InlineCss is False:
            raise refused("InlineCss", "styles are inlined when a template is saved", "save it with inline_css false")
        name = self.TemplateAlias or str(self.TemplateId)
        template = name if name.isupper() and len(name) == ID_LENGTH else name.lower()
        return msgspec.structs.replace(super().letter(), template=template, data=self.TemplateModel)
