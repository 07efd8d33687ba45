"""A message of the Send API v3.1 as it is asked for, and the letter that it means."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from estafette.model.letter import Attachment, Letter, Mailbox
from estafette.relay.submission.wrong import wrong
from estafette.web.api.letters import Octets
from estafette.web.api.strict import Body
from estafette.web.dialects.mailjet.forbidden import FORBIDDEN
from estafette.web.dialects.mailjet.language import translated
from estafette.web.dialects.translation import refused

Tracking = Literal["account_default", "disabled", "enabled"]
Text = Annotated[str, Field(min_length=1)]
_TRACKING = {"account_default": None, "disabled": False, "enabled": True}


class Person(Body):
    """An address and the name beside it."""

    Email: str = Field(min_length=1, max_length=320)
    Name: str | None = Field(default=None, max_length=1000)

    def mailbox(self) -> Mailbox:
        """Return the mailbox."""
        return Mailbox(self.Email, self.Name or "")


class File(Body):
    """A file, or with a ContentID a picture that the HTML shows."""

    ContentType: Text
    Filename: str = Field(min_length=1, max_length=255)
    Base64Content: Octets
    ContentID: str = Field(default="", max_length=200)

    def attachment(self, cid: str = "") -> Attachment:
        """Return the attachment."""
        return Attachment(name=self.Filename, content=self.Base64Content, type=self.ContentType, cid=cid)


class Message(Body):
    """One of ``Messages``, with what ``Globals`` say already in it."""

    From: Person
    Sender: Person | None = None
    To: list[Person] = Field(min_length=1)
    Cc: list[Person] = Field(default=[])
    Bcc: list[Person] = Field(default=[])
    ReplyTo: Person | None = None
    Subject: str = ""
    TextPart: str = ""
    HTMLPart: str = ""
    TemplateID: int | None = None
    TemplateLanguage: bool = False
    TemplateErrorReporting: Person | None = None
    TemplateErrorDeliver: bool = False
    Attachments: list[File] = Field(default=[])
    InlinedAttachments: list[File] = Field(default=[])
    Priority: int | None = Field(default=None, ge=0, le=3)
    CustomCampaign: str = Field(default="", max_length=255)
    DeduplicateCampaign: bool = False
    TrackOpens: Tracking = "account_default"
    TrackClicks: Tracking = "account_default"
    CustomID: str = ""
    EventPayload: str = ""
    URLTags: str = ""
    MonitoringCategory: str = ""
    Headers: dict[str, str | int | float] = Field(default={})
    Variables: dict[str, Any] = Field(default={})

    def letter(self, *, sandbox: bool) -> Letter:
        """Return the letter; Wrong for what we do not do."""
        self._refuse()
        return Letter(
            sender=self.From.mailbox(),
            to=tuple(person.mailbox() for person in self.To),
            cc=tuple(person.mailbox() for person in self.Cc),
            bcc=tuple(person.mailbox() for person in self.Bcc),
            reply_to=(self.ReplyTo.mailbox(),) if self.ReplyTo else (),
            subject=self._text("Subject"),
            text=self._text("TextPart"),
            html=self._text("HTMLPart"),
            template="" if self.TemplateID is None else str(self.TemplateID),
            data=self.Variables if self.TemplateLanguage or self.TemplateID is not None else None,
            attachments=(
                *(file.attachment() for file in self.Attachments),
                *(file.attachment(file.ContentID or file.Filename) for file in self.InlinedAttachments),
            ),
            headers=tuple((name, str(value)) for name, value in self.Headers.items()),
            metadata=self._metadata(),
            campaign=self.CustomCampaign,
            opens=_TRACKING[self.TrackOpens],
            clicks=_TRACKING[self.TrackClicks],
            sandbox=sandbox,
            once=self.DeduplicateCampaign,
            link_tags=self.URLTags.lstrip("?"),
        )

    def _metadata(self) -> dict[str, str]:
        """Return what comes back with every event, under the names that Mailjet gives it there."""
        priority = "" if self.Priority is None else str(self.Priority)
        named = {
            "CustomID": self.CustomID,
            "EventPayload": self.EventPayload,
            "MonitoringCategory": self.MonitoringCategory,
            "Priority": priority,
        }
        return {name: value for name, value in named.items() if value}

    def _refuse(self) -> None:
        if self.Sender is not None and self.Sender.Email.lower() != self.From.Email.lower():
            raise refused("Sender", "a sender other than From is not offered", "name it in From")
        for name in self.Headers:
            if name.lower() in FORBIDDEN:
                detail, fix = "has a property of its own, or is the service's", "use the property"
                raise wrong("header_not_allowed", detail, fix, f"headers.{name[:80]}")
        if self.DeduplicateCampaign and not self.CustomCampaign:
            raise wrong("deduplicate_without_campaign", "needs CustomCampaign", "name the campaign")
        self._refuse_templates()

    def _refuse_templates(self) -> None:
        if not self.TemplateLanguage and (self.TemplateErrorReporting or self.TemplateErrorDeliver):
            raise wrong("template_language_missing", "TemplateError... needs TemplateLanguage", "set it to true")
        if self.TemplateID is not None and (self.TextPart or self.HTMLPart):
            raise wrong("duplicated_content", "a template brings the texts", "leave TextPart and HTMLPart out", "html")

    def _text(self, name: str) -> str:
        """Return a text in our template language when it is in Mailjet's, else as it is."""
        text: str = getattr(self, name)
        return translated(text, name) if self.TemplateLanguage else text


def merged(given: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """Return a message with what ``Globals`` say: lists are joined, objects merged, of other values its own counts."""
    whole = dict(defaults)
    for name, value in given.items():
        before = whole.get(name)
        if isinstance(before, list) and isinstance(value, list):
            whole[name] = [*before, *value]
        elif isinstance(before, dict) and isinstance(value, dict):
            whole[name] = {**before, **value}
        else:
            whole[name] = value
    return {name: value for name, value in whole.items() if value is not None}
