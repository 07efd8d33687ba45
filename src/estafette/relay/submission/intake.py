"""From a message that passed the gate to what the spool keeps: a content, and a row and event each."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from estafette.base.ids import Mint
from estafette.config.schema import Delivery as DeliverySettings
from estafette.config.schema import Retention
from estafette.mail.headers import Head, unfold
from estafette.model.credential import Identity
from estafette.model.envelope import Envelope, Recipient
from estafette.model.event import Event, pack
from estafette.model.message import Asked, Content, Delivery, Submission
from estafette.model.stream import PRIORITY_OF
from estafette.relay.submission.labels import Labels
from estafette.relay.submission.measuring import NOTHING, Measured
from estafette.tenancy.quota import Terms

_SUBJECT = 200


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """A message that the gate let through. at: unix seconds of acceptance. source: the client's address.

    measured: of opens and clicks. terms: what the account's quota says, None when the message may go as it is.
    """

    id: int
    identity: Identity
    envelope: Envelope
    header_from: str
    labels: Labels
    head: Head
    at: float
    source: str
    measured: Measured = NOTHING
    terms: Terms | None = None


class Intake:
    """Builds submissions; knows the settings that are pinned when a message is accepted."""

    def __init__(self, retention: Retention, delivery: DeliverySettings, mint: Mint) -> None:
        self._expire = delivery.expire
        self._mint = mint
        self._retention: dict[str, float] = {
            "personal": retention.content_personal,
            "transactional": retention.content_transactional,
            "bulk": retention.content_bulk,
        }

    def build(self, passed: Passed, *, body: bytes = b"", file: str = "", size: int, eight_bit: bool) -> Submission:
        """Return what is to be made durable. size: octets of the whole message wherever it rests."""
        recipients = _distinct(passed.envelope.recipients)
        content = self._content(passed, body, file, size, eight_bit, recipients)
        deliveries = tuple(
            self._delivery(passed, recipient, number, size) for number, recipient in enumerate(recipients, start=1)
        )
        return Submission(content, deliveries, tuple(self._queued(content, row) for row in deliveries))

    def _content(
        self, passed: Passed, body: bytes, file: str, size: int, eight_bit: bool, recipients: Sequence[Recipient]
    ) -> Content:
        identity, envelope = passed.identity, passed.envelope
        kept = identity.retention
        return Content(
            id=passed.id,
            tenant=identity.tenant,
            stream=identity.stream,
            kind=identity.kind,
            credential=identity.credential,
            sender=envelope.sender,
            header_from=passed.header_from,
            size=size,
            accepted=passed.at,
            body=body,
            file=file,
            body_type=envelope.body,
            smtputf8=envelope.smtputf8,
            eight_bit=eight_bit,
            ret=envelope.ret,
            envid=envelope.envid,
            campaign=passed.labels.campaign,
            reports=identity.report_to or (envelope.sender if identity.kind == "personal" else ""),
            show_id=identity.show_id,
            retention=self._retention[identity.kind] if kept is None else kept,
            recipients=len(recipients),
            subject=_subject(passed),
            source=passed.source,
            tags=passed.labels.tags,
            metadata=passed.labels.metadata,
            opens=passed.labels.opens,
            clicks=passed.labels.clicks,
            template=passed.labels.template,
            tracking=passed.measured.mode,
            track_text=passed.labels.track_text,
            tracking_url=passed.measured.url,
            link_tags=passed.labels.link_tags,
            topic=passed.labels.topic,
            asked=_asked(recipients),
        )

    def _delivery(self, passed: Passed, recipient: Recipient, number: int, size: int) -> Delivery:
        identity, labels = passed.identity, passed.labels
        due = max(passed.at, labels.due)
        return Delivery(
            message=passed.id,
            number=number,
            tenant=identity.tenant,
            stream=identity.stream,
            priority=int(PRIORITY_OF[identity.kind]),
            lane=recipient.domain,
            domain=recipient.domain,
            address=recipient.address,
            egress=identity.egress,
            due=due,
            born=passed.at,
            expires=due + (labels.lasting or self._expire),
            size=size,
            from_domain=passed.header_from,
            campaign=labels.campaign,
            notify=recipient.notify,
            orcpt=recipient.orcpt,
            credential=identity.credential,
            tracking=passed.measured.of(recipient.address),
        )

    def _queued(self, content: Content, row: Delivery) -> bytes:
        return pack(
            Event(
                id=self._mint.next(),
                at=content.accepted,
                kind="queued",
                tenant=content.tenant,
                stream=content.stream,
                message=content.id,
                number=row.number,
                recipient=row.address,
                campaign=content.campaign,
                source=content.source,
                credential=content.credential,
                size=content.size,
                tags=content.tags,
                metadata=content.metadata,
                template=content.template,
                from_domain=row.from_domain,
                private=content.kind == "personal",
                topic=content.topic,
            )
        )


def _asked(recipients: Sequence[Recipient]) -> tuple[Asked, ...]:
    said = (Asked(number, each.notify, each.orcpt) for number, each in enumerate(recipients, start=1))
    return tuple(each for each in said if each.notify or each.orcpt)


def _distinct(recipients: Sequence[Recipient]) -> Sequence[Recipient]:
    """A mailbox named twice gets one copy; the parameters of the first naming count."""
    if len(recipients) == 1:
        return recipients
    first: dict[str, Recipient] = {}
    for recipient in recipients:
        first.setdefault(recipient.address, recipient)
    return tuple(first.values())


def _subject(passed: Passed) -> str:
    """The subject is content: a person's is not copied out of the letter."""
    raw = None if passed.identity.kind == "personal" else passed.head.first(b"subject")
    if raw is None:
        return ""
    text = unfold(raw).decode("utf-8", "replace")[:_SUBJECT]
    return text if text.isprintable() else "".join(c for c in text if c.isprintable())
