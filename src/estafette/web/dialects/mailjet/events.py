"""Events as Mailjet's Event API posts them (facts: commercial-relays, section 3; its guide "Event API").

Grouped (its version 2) bodies stand in an array; ``SINGLE`` is its version 1. What it has no word for is not told: hits
of machines, corrections that take a person's hit back, and mail that names no recipient.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import msgspec

from estafette.model.event import Event
from estafette.web.dialects.mailjet.campaigns import number_of
from estafette.web.dialects.numbers import universal
from estafette.web.dialects.telling import news, payload
from estafette.webhooks.form import Form, Origin

#: Events that one call carries at most.
GROUP = 100
_NAMES = MappingProxyType({
    "delivered": "sent", "sent": "sent", "deferred": "bounce", "bounced": "bounce", "failed": "bounce",
    "rejected": "blocked", "opened": "open", "clicked": "click", "complained": "spam", "unsubscribed": "unsub",
})  # fmt: skip
#: Beginnings of enhanced status codes (RFC 3463) -> what the error is related to, and its name; the first that fits.
_ERRORS = (
    ("5.1.2", "domain", "invalid domain"),
    ("5.1.10", "domain", "no mail host"),
    ("5.1", "recipient", "user unknown"),
    ("5.2.1", "recipient", "mailbox inactive"),
    ("5.2.2", "recipient", "quota exceeded"),
    ("5.4", "domain", "no mail host"),
    ("5.7.1", "domain", "relay/access denied"),
    ("5.7", "spam", "policy issue"),
    ("5.6", "spam", "content blocked"),
)
_REASONS = MappingProxyType({
    "no_such_domain": ("domain", "invalid domain"), "null_mx": ("domain", "no mail host"),
    "expired": ("system", "connection issue"), "suppressed": ("mailjet", "preblocked"),
    "duplicate": ("mailjet", "duplicate in campaign"),
})  # fmt: skip


def write(event: Event, _origin: Origin) -> bytes | None:
    """Return the body of an event, None for one that Mailjet has no word for."""
    name = _NAMES.get(event.kind)
    if name is None or not event.message or not news(event.hit):
        return None
    return msgspec.json.encode({**_common(event, name), **_particular(event, name)})


def _common(event: Event, name: str) -> dict[str, Any]:
    own = {key: value for key, value in event.metadata.items() if key != "CustomID"}
    return {
        "event": name,
        "time": int(event.at),
        "MessageID": event.message,
        "Message_GUID": universal(event.message, event.number),
        "email": event.recipient,
        "mj_campaign_id": number_of(event.campaign),
        "mj_contact_id": 0,
        "customcampaign": event.campaign,
        "CustomID": event.metadata.get("CustomID", ""),
        "Payload": payload(own, "EventPayload"),
    }


def _particular(event: Event, name: str) -> dict[str, Any]:
    reply = f"{event.reply.code} {event.reply.enhanced} {event.reply.text}".strip() if event.reply else ""
    if name == "sent":
        return {"mj_message_id": str(event.message), "smtp_reply": f"sent ({reply})"}
    if event.kind == "deferred":
        # The one temporary failure that it has a name for; receivers wait for another event when they see it.
        return _refused("domain", "greylisted", reply) | {"blocked": False, "hard_bounce": False}
    if name in {"bounce", "blocked"}:
        related, error = _error(event)
        hard = event.kind == "bounced"
        more = {"blocked": hard, "hard_bounce": hard} if name == "bounce" else {}
        return _refused(related, error, reply) | more
    if name == "spam":
        return {"source": event.source}
    about = event.hit.country if event.hit else ""
    seen = {"ip": "", "geo": about, "agent": event.hit.client if event.hit else ""}
    if name == "click":
        return {"url": event.hit.url if event.hit else "", **seen}
    return {"mj_list_id": 0, **seen} if name == "unsub" else seen


def _refused(related: str, error: str, comment: str) -> dict[str, Any]:
    return {"error_related_to": related, "error": error, "comment": comment}


def _error(event: Event) -> tuple[str, str]:
    if event.reason in _REASONS:
        return _REASONS[event.reason]
    enhanced = event.reply.enhanced if event.reply else ""
    found = next(((related, error) for start, related, error in _ERRORS if enhanced.startswith(start)), None)
    if found is None:
        found = ("mailjet", "preblocked") if event.kind == "rejected" else ("system", "protocol issue")
    return found


FORM = Form(write, group=GROUP)
SINGLE = Form(write)
