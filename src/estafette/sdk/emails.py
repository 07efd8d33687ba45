"""The calls of ``/v1/emails``."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from estafette.sdk.answers import Changed, Email, Page, Sent
from estafette.sdk.call import Call, Walk, json_of, page_of, place
from estafette.sdk.message import Message, body_of, moment


def send(message: Message, *, idempotency_key: str = "") -> Call[Sent]:
    """Hand a message in; when this returns it is safe on the service's disk.

    idempotency_key: such as ``order-7``: for 24 hours the same message under the same key is sent once, whoever asks.
    Without it every call makes one of its own, so that its retries never send twice.
    """
    return Call(
        method="POST", path=place("emails"), body=body_of(message), headers=_once(idempotency_key),
        read=json_of(Sent.of),
    )  # fmt: skip


def send_batch(
    messages: Sequence[Message], *, all_or_nothing: bool = False, idempotency_key: str = ""
) -> Call[tuple[Sent, ...]]:
    """Hand up to 1,000 messages in; an answer for each in order, of which some may be refused with their ``problem``.

    all_or_nothing: none is taken when one of them is refused. When none was taken it raises ``Refused`` with ``index``.
    """
    body = {"emails": [body_of(each) for each in messages], "all_or_nothing": all_or_nothing}
    return Call(
        method="POST", path=place("emails", "batch"), body=body, headers=_once(idempotency_key),
        read=json_of(lambda told: tuple(Sent.of(each) for each in told["items"])),
    )  # fmt: skip


def send_raw(message: bytes, *, from_: str, to: Sequence[str], idempotency_key: str = "") -> Call[Sent]:
    """Hand a whole message in (RFC 5322), as ``email.message.EmailMessage`` makes it; from_ and to: the envelope."""
    body = {"from": from_, "to": list(to), "raw": base64.b64encode(message).decode()}
    return Call(
        method="POST", path=place("emails", "raw"), body=body, headers=_once(idempotency_key), read=json_of(Sent.of)
    )


def get(email: str) -> Call[Email]:
    """Return a message with its story: every event of it, oldest first."""
    return Call(method="GET", path=place("emails", email), read=json_of(Email.of))


def every(*, campaign: str = "", after: str = "", page_size: int = 100) -> Walk[Email]:
    """Go through the messages, newest first, without their events; pages are fetched as they are needed."""

    def page(begin: str) -> Call[Page[Email]]:
        query: dict[str, str | int] = {"limit": page_size, "after": begin, "campaign": campaign}
        return Call(method="GET", path=place("emails"), query=query, read=page_of(Email.of))

    return Walk(page=page, after=after)


def content(email: str, *, number: int = 1) -> Call[bytes]:
    """Return the message (RFC 5322) as it goes to one of its recipients, while it is kept. number: from 1."""
    path, query = place("emails", email) + "/content", {"number": number}
    return Call(method="GET", path=path, query=query, read=lambda response: response.content)


def cancel(email: str) -> Call[Changed]:
    """Call back what still waits of a message; a recipient that is being tried right now may still get it."""
    return Call(method="POST", path=place("emails", email, "cancel"), read=json_of(Changed.of))


def reschedule(email: str, scheduled_at: datetime) -> Call[Changed]:
    """Give a message that waits another time; it has a time zone."""
    body = {"scheduled_at": moment(scheduled_at)}
    return Call(method="PATCH", path=place("emails", email), body=body, read=json_of(Changed.of))


def resend(email: str, to: Sequence[str] = (), *, idempotency_key: str = "") -> Call[Sent]:
    """Send a kept message again, as a new one, to these or to all of its recipients; once, as ``send``."""
    path, body = place("emails", email, "resend"), {"to": list(to)}
    return Call(method="POST", path=path, body=body, headers=_once(idempotency_key), read=json_of(Sent.of))


def _once(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key or uuid4().hex}
