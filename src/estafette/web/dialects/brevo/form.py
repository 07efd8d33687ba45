"""What ``/v3/smtp/email`` is asked with, field by field."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from estafette.model.letter import Attachment, Mailbox
from estafette.relay.submission.wrong import wrong
from estafette.web.api.letters import Moment, Octets
from estafette.web.api.strict import Body
from estafette.web.dialects.people import decoded

#: ``messageVersions`` of one request.
MOST_VERSIONS = 1000
Headers = dict[str, str | int | float]
Batch = Annotated[
    str, Field(pattern=r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$")
]


class Form(Body):
    """A part of a request; its fields have Brevo's names outside."""

    model_config = ConfigDict(alias_generator=to_camel)


class Person(Form):
    """An address and the name beside it, which django-anymail writes in encoded words when it holds a comma.

    contact_pixel_tracking_consent: False = this recipient is counted at most; True is no proof, so it adds nothing.
    """

    email: str = Field(min_length=1, max_length=320)
    name: str | None = Field(default=None, max_length=1000)
    contact_pixel_tracking_consent: bool | None = None

    def mailbox(self) -> Mailbox:
        """Return the mailbox."""
        return Mailbox(self.email, decoded(self.name or ""))


class From(Form):
    """The sender: an address, or the number of one of ``/v3/senders``."""

    email: str | None = Field(default=None, max_length=320)
    name: str | None = Field(default=None, max_length=1000)
    id: int | None = None


class File(Form):
    """A file: its content, or the address from which it is fetched."""

    name: str | None = Field(default=None, max_length=255)
    content: Octets | None = None
    url: str | None = Field(default=None, max_length=2000)

    def attachment(self) -> Attachment:
        """Return the attachment; one without a name has that of its address."""
        if self.content is None and not self.url:
            raise wrong("missing", "has neither content nor url", "give one of them", "attachment")
        name = self.name or unquote(urlsplit(self.url or "").path.rpartition("/")[2])
        if not name:
            raise wrong("missing", "has no name", "give it one", "attachment.name")
        return Attachment(name=name, content=self.content or b"", url=self.url or "")


class Shared(Form):
    """What a request says for all, and a version for itself."""

    to: list[Person] | None = None
    cc: list[Person] | None = None
    bcc: list[Person] | None = None
    reply_to: Person | None = None
    subject: str | None = None
    html_content: str | None = None
    text_content: str | None = None
    template_id: int | None = Field(default=None, ge=1, lt=1 << 63)
    params: dict[str, Any] | None = None
    headers: Headers | None = None


class Version(Shared):
    """One of ``messageVersions``."""

    to: list[Person] = Field(min_length=1)


class Request(Shared):
    """A request. Fields of a version win over the same fields here; its params are added to those here."""

    sender: From | None = None
    attachment: list[File] | None = None
    tags: list[str] | None = None
    message_versions: list[dict[str, Any]] | None = Field(default=None, min_length=1, max_length=MOST_VERSIONS)
    scheduled_at: Moment | None = None
    batch_id: Batch | None = None
