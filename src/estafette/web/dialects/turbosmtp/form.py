"""A message as it is asked for, and the letter that it means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field

from estafette.model.address import AddressError, parse_path
from estafette.model.letter import Attachment, Letter, Mailbox
from estafette.web.api.letters import Octets
from estafette.web.api.strict import Body
from estafette.web.dialects.people import mailboxes
from estafette.web.dialects.translation import refused
from estafette.web.dialects.turbosmtp.errors import NO_SENDER
from estafette.web.dialects.turbosmtp.whole import whole
from estafette.web.problems import Problem

SUBJECT_LENGTH = 700
#: What may stand before the base64 of a file.
_DATA_URL = re.compile(r"data:[\w.+/;=-]{0,200}?;base64,")
#: Further fields that are something else in a letter, in lower case.
REPLY_TO, CAMPAIGN = "reply-to", "x-campaign-id"
_MOST_TOLD = 20


def _bare(value: object) -> object:
    """Return base64 without the beginning of a ``data:`` URL."""
    return _DATA_URL.sub("", value, count=1) if isinstance(value, str) and value.startswith("data:") else value


class File(Body):
    """A file, or with a content_id a picture that the HTML shows as ``cid:ID@DOMAIN-OF-FROM``."""

    content: Annotated[Octets, BeforeValidator(_bare)]
    name: str = Field(default="attachment", min_length=1, max_length=255)
    type: str = Field(default="", max_length=255)
    content_id: str = Field(default="", max_length=200)

    def attachment(self, domain: str, html: str) -> Attachment:
        """Return the attachment; the domain stands in its content id unless the HTML shows it without."""
        cid = self.content_id.strip("<>")
        if cid and "@" not in cid and f"cid:{cid}@" in html:
            cid = f"{cid}@{domain}"
        return Attachment(name=self.name, content=self.content, type=self.type, cid=cid)


class Message(Body):
    """The body of a request, with the credential that may stand in it."""

    from_: str = Field(alias="from", max_length=2000)
    to: str
    cc: str | None = None
    bcc: str | None = None
    subject: str | None = Field(default=None, max_length=SUBJECT_LENGTH)
    content: str | None = None
    html_content: str | None = None
    custom_headers: dict[str, str] | None = None
    reference_id: str | None = None
    campaign: str | None = Field(default=None, alias="X-campaign-ID")
    mime_raw: str | None = None
    attachments: list[File] = Field(default=[])
    authuser: str | None = None
    authpass: str | None = None

    def letter(self) -> Letter:
        """Return the letter; Wrong and Problem for what cannot be sent."""
        sender = self._people()
        fields = {name.lower(): value for name, value in (self.custom_headers or {}).items()}
        letter = Letter(
            sender=sender,
            to=mailboxes(self.to),
            cc=mailboxes(self.cc or ""),
            bcc=mailboxes(self.bcc or ""),
            reply_to=mailboxes(fields.get(REPLY_TO, "")),
            subject=self.subject or "",
            text=self.content or "",
            html=self.html_content or "",
            attachments=tuple(self._attachments(sender)),
            headers=tuple(
                (name, value)
                for name, value in (self.custom_headers or {}).items()
                if name.lower() not in {REPLY_TO, CAMPAIGN}
            ),
            metadata={"reference_id": self.reference_id} if self.reference_id else {},
            campaign=self.campaign or fields.get(CAMPAIGN, ""),
        )
        if not self.mime_raw:
            return letter
        if letter.attachments:
            raise refused("attachments", "a whole message (mime_raw) has its files in it")
        return whole(letter, self.mime_raw)

    def _people(self) -> Mailbox:
        """Return who sends; Problem tells every address that is none."""
        senders = mailboxes(self.from_)
        texts = [NO_SENDER] if len(senders) != 1 or not _is_address(senders[0]) else []
        for field, line in (("to", self.to), ("cc", self.cc), ("bcc", self.bcc)):
            wrong = [each for each in mailboxes(line or "") if not _is_address(each)]
            texts += [f"'{each.address[:100]}' '{field}' email not valid" for each in wrong]
        if texts:
            errors = [{"field": "", "rule": "invalid_address", "detail": text, "fix": ""} for text in texts]
            raise Problem(422, "invalid_address", texts[0], errors=errors[:_MOST_TOLD])
        return senders[0]

    def _attachments(self, sender: Mailbox) -> Iterator[Attachment]:
        domain = sender.address.rpartition("@")[2]
        for file in self.attachments:
            yield file.attachment(domain, self.html_content or "")


def _is_address(mailbox: Mailbox) -> bool:
    try:
        parse_path(mailbox.address, smtputf8=True)
    except AddressError:
        return False
    return True
