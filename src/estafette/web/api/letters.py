"""The JSON of a letter, and its answer: one form for single sends and batches."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import datetime
from json import JSONDecodeError
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema
from pydantic.types import AwareDatetime
from pydantic_core import PydanticCustomError

from estafette.base import ids
from estafette.model.address import AddressError
from estafette.model.letter import Attachment, Letter, Mailbox, Person, read_mailbox
from estafette.model.placement import Placed, Result, Trouble
from estafette.relay.submission.examination import MOST_PEOPLE
from estafette.web.api.strict import Body
from estafette.web.problems import Problem
from estafette.web.shapes import recipient_id


def _octets(value: object) -> object:
    """Read standard base64, with line breaks or without."""
    if not isinstance(value, str):
        raise PydanticCustomError("base64", "is text in base64")
    try:
        return base64.b64decode(value.encode().translate(None, b"\r\n"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise PydanticCustomError("base64", "is no base64: {why}", {"why": str(error)}) from None


def _many(value: object) -> object:
    return [value] if isinstance(value, str | dict) else value


def _moment(value: object) -> object:
    if not isinstance(value, str):
        raise PydanticCustomError("moment", "is a time such as 2027-01-31T09:00:00Z")
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("moment", "is a time such as 2027-01-31T09:00:00Z") from None


class MailboxBody(Body):
    """An address with the name shown beside it."""

    email: str = Field(max_length=320)
    name: str = Field(default="", max_length=1000)


Line = Annotated[str, Field(max_length=1400)]
MailboxLike = Line | MailboxBody
Mailboxes = Annotated[
    list[MailboxLike],
    Field(max_length=10_000),
    BeforeValidator(_many),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": 1400},
                {"$ref": "#/components/schemas/MailboxBody"},
                {
                    "type": "array",
                    "items": {
                        "anyOf": [
                            {"type": "string", "maxLength": 1400},
                            {"$ref": "#/components/schemas/MailboxBody"},
                        ]
                    },
                },
            ]
        }
    ),
]
Octets = Annotated[bytes, BeforeValidator(_octets), WithJsonSchema({"type": "string", "contentEncoding": "base64"})]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]


class AttachmentBody(Body):
    """A file: its content in base64, or the address it is fetched from; with a cid it is shown inside the HTML."""

    filename: str = Field(min_length=1, max_length=255)
    content: Octets = Field(default=b"", description="base64")
    content_type: str = Field(default="", max_length=255)
    cid: str = Field(default="", max_length=200)
    url: str = Field(default="", max_length=2000, description="http or https; fetched before the answer")


class PersonBody(Body):
    """One recipient of a personalised letter."""

    to: MailboxLike
    data: dict[str, Any] = Field(default={})
    track: bool = Field(default=True, description="false: nothing is measured of this recipient")


Mode = Literal["", "off", "aggregate", "consented", "individual"]
Pairs = Annotated[dict[str, Annotated[str, Field(max_length=255)]], Field(max_length=20)]


class EmailBody(Body):
    """A message in fields. Addresses as ``a@b.example``, ``Name <a@b.example>`` or ``{email, name}``."""

    from_: MailboxLike = Field(alias="from")
    to: Mailboxes = Field(default_factory=list)
    cc: Mailboxes = Field(default_factory=list)
    bcc: Mailboxes = Field(default_factory=list)
    reply_to: Mailboxes = Field(default_factory=list)
    recipients: list[PersonBody] = Field(
        default_factory=list,
        max_length=MOST_PEOPLE,
        description="Instead of to, cc and bcc: each gets a message of its own",
    )
    subject: str = Field(default="", max_length=10_000)
    text: str = ""
    html: str = ""
    attachments: list[AttachmentBody] = Field(default_factory=list, max_length=100)
    headers: dict[str, str] = Field(default_factory=dict, description="Further header fields")
    tags: list[str] = Field(default_factory=list, max_length=10)
    metadata: dict[str, str] = Field(default_factory=dict)
    stream: str = Field(default="", max_length=64)
    topic: str = Field(default="", max_length=64, description="Of the stream; its readers choose among them")
    campaign: str = Field(default="", max_length=255)
    template: str = Field(default="", max_length=64, description="Id or name of a stored template")
    template_version: int = Field(default=0, ge=0, lt=1 << 31, description="0 is the published one")
    data: dict[str, Any] | None = Field(default=None, description="Values for the texts, which are then templates")
    scheduled_at: Moment | None = None
    expires_in: float = Field(default=0, ge=0, description="Seconds that delivery may take; 0 = as the service does")
    track_opens: bool | None = Field(default=None, description="false: no pixel; true adds nothing to the mode")
    track_clicks: bool | None = Field(default=None, description="false: links stay as they are")
    track_text: bool = Field(default=False, description="Links of the text part are measured too")
    tracking: Mode = Field(default="", description="The most that is measured; never more than the stream allows")
    link_tags: Pairs = Field(default={}, description="Added to every link of the HTML, such as utm_source")
    sandbox: bool = Field(default=False, description="Check everything, send nothing")


class RawBody(Body):
    """A whole message. Labels given here count instead of the X-Estafette fields in it."""

    from_: Line = Field(alias="from")
    to: Annotated[list[Line], BeforeValidator(_many), Field(max_length=10_000)]
    raw: Octets
    tags: list[str] = Field(default=[], max_length=10)
    metadata: dict[str, str] = Field(default={})
    stream: str = Field(default="", max_length=64)
    topic: str = Field(default="", max_length=64, description="Of the stream; its readers choose among them")
    campaign: str = Field(default="", max_length=255)
    scheduled_at: Moment | None = None
    expires_in: float = Field(default=0, ge=0)
    track_opens: bool | None = None
    track_clicks: bool | None = None
    track_text: bool = False
    tracking: Mode = ""
    link_tags: Pairs = Field(default={})
    sandbox: bool = False


async def raw_letter(request: Request, sender: str, to: list[str]) -> Letter:
    """Return the letter of a whole message: the body itself, or JSON. Problem, RequestValidationError."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        body = await request.body()
        return Letter(sender=mailbox(sender), to=_mailboxes(to), raw=body or b"\r\n")
    try:
        given = RawBody.model_validate(await request.json())
    except JSONDecodeError as error:
        raise Problem(422, "invalid_json", str(error), "send valid JSON") from None
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from None
    return Letter(
        sender=mailbox(given.from_),
        to=_mailboxes(given.to),
        raw=given.raw or b"\r\n",
        tags=tuple(given.tags),
        metadata=given.metadata,
        stream=given.stream,
        topic=given.topic,
        campaign=given.campaign,
        scheduled_at=given.scheduled_at.timestamp() if given.scheduled_at else 0.0,
        expires_in=given.expires_in,
        opens=given.track_opens,
        clicks=given.track_clicks,
        track_text=given.track_text,
        tracking=given.tracking,
        link_tags=_query(given.link_tags),
        sandbox=given.sandbox,
    )


def letter(body: EmailBody) -> Letter:
    """Return the letter that a request means."""
    return Letter(
        sender=mailbox(body.from_),
        to=_mailboxes(body.to),
        cc=_mailboxes(body.cc),
        bcc=_mailboxes(body.bcc),
        reply_to=_mailboxes(body.reply_to),
        people=tuple(Person(mailbox(person.to), person.data, person.track) for person in body.recipients),
        subject=body.subject,
        text=body.text,
        html=body.html,
        attachments=tuple(
            Attachment(name=file.filename, content=file.content, type=file.content_type, cid=file.cid, url=file.url)
            for file in body.attachments
        ),
        headers=tuple(body.headers.items()),
        tags=tuple(body.tags),
        metadata=body.metadata,
        stream=body.stream,
        topic=body.topic,
        campaign=body.campaign,
        template=body.template,
        version=body.template_version,
        data=body.data,
        scheduled_at=body.scheduled_at.timestamp() if body.scheduled_at else 0.0,
        expires_in=body.expires_in,
        opens=body.track_opens,
        clicks=body.track_clicks,
        track_text=body.track_text,
        tracking=body.tracking,
        link_tags=_query(body.link_tags),
        sandbox=body.sandbox,
    )


def _query(pairs: Mapping[str, str]) -> str:
    """Return pairs as a URL's query has them."""
    return urlencode(pairs, quote_via=quote, encoding="utf-8", errors="replace")


def mailbox(given: str | MailboxBody) -> Mailbox:
    """Return the mailbox that was given; one that cannot be read is refused where its field is known."""
    if isinstance(given, MailboxBody):
        return Mailbox(given.email, given.name)
    given = given.strip()
    if not given.endswith(">"):
        return Mailbox(given)
    try:
        return read_mailbox(given)
    except AddressError:
        return Mailbox(given)


def _mailboxes(given: Iterable[str | MailboxBody]) -> tuple[Mailbox, ...]:
    return tuple(mailbox(each) for each in given)


def answer(result: Result) -> dict[str, Any]:
    """Return the resource that tells what became of a letter."""
    told: dict[str, Any] = {"status": result.status}
    if result.id:
        told = {"id": ids.show(result.id), **told}
    if result.trouble is not None:
        told["problem"] = problem(result.trouble)
    told["recipients"] = [_placed(result, place) for place in result.recipients]
    return told


def _placed(result: Result, place: Placed) -> dict[str, Any]:
    if place.trouble is not None:
        return {"recipient": place.address, "status": "refused", "problem": problem(place.trouble)}
    if not result.id:
        return {"recipient": place.address, "status": "not_taken" if result.trouble else "accepted"}
    return {"id": recipient_id(result.id, place.number), "recipient": place.address, "status": "accepted"}


def problem(trouble: Trouble) -> dict[str, Any]:
    """Return a trouble as a part of an answer."""
    told = {"status": trouble.status, "code": trouble.code, "detail": trouble.detail, "fix": trouble.fix}
    if trouble.field:
        told["field"] = trouble.field
    return told
