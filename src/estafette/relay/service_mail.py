"""Mail that the service itself writes to people: composed, and put into the queue as any other."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from estafette.base.ids import Mint, show
from estafette.model.event import Event, pack
from estafette.model.message import Content, Delivery, Submission
from estafette.model.stream import Priority

#: Reason of its ``queued`` events: mail of the service is not charged to anybody.
REASON = "notice"


def compose(
    to: str, subject: str, text: str, *, tenant: str, hostname: str, now: float, mint: Mint, expire: float
) -> Submission:
    """Return a letter to one address about a tenant's account; its sender is null, so nobody is told of its failure."""
    number = mint.next()
    body = _written(to, subject, text, number, hostname, now)
    domain = to.rpartition("@")[2].lower()
    content = Content(
        id=number, tenant=tenant, stream="personal", kind="personal", credential="", sender="", header_from=hostname,
        size=len(body), accepted=now, body=body, body_type="8BITMIME" if not body.isascii() else "7BIT",
        smtputf8=not to.isascii(), eight_bit=not body.isascii(), source=REASON,
    )  # fmt: skip
    delivery = Delivery(
        message=number, number=1, tenant=tenant, stream="personal", priority=int(Priority.TRANSACTIONAL), lane=domain,
        domain=domain, address=to, egress="default", due=now, born=now, expires=now + expire, size=len(body),
        from_domain=hostname,
    )  # fmt: skip
    event = Event(
        id=mint.next(), at=now, kind="queued", tenant=tenant, stream="personal", message=number, number=1,
        recipient=to, size=len(body), reason=REASON,
    )  # fmt: skip
    return Submission(content, (delivery,), (pack(event),))


def _written(to: str, subject: str, text: str, number: int, hostname: str, now: float) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Estafette <postmaster@{hostname}>"
    message["To"] = to
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    message["Message-ID"] = f"<{show(number).lower()}@{hostname}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message.as_bytes()
