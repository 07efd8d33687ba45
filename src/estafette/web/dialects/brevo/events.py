"""Events as Brevo's transactional webhooks post them (facts: commercial-relays, section 3).

Machines have names here (``proxy_open``); hits of scanners are not told, nor are corrections of what was told already.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from estafette.model.event import Event
from estafette.model.tracking import Hit
from estafette.web.dialects.brevo.identifiers import shown
from estafette.web.dialects.telling import news, payload
from estafette.webhooks.form import Form, Origin

_NAMES = MappingProxyType({
    "queued": "request", "delivered": "delivered", "sent": "delivered", "deferred": "deferred",
    "bounced": "hard_bounce", "failed": "soft_bounce", "rejected": "blocked", "opened": "opened", "clicked": "click",
    "complained": "spam", "unsubscribed": "unsubscribed",
})  # fmt: skip
_REFUSED = frozenset({"deferred", "hard_bounce", "soft_bounce", "blocked"})
#: Its ``date`` is in the time of its home, every ``ts`` in UTC.
_HOME = ZoneInfo("Europe/Paris")


def write(event: Event, origin: Origin) -> bytes | None:
    """Return the body of an event, None for one that Brevo has no word for."""
    name = _hit_name(event.hit) if event.kind == "opened" and event.hit else _NAMES.get(event.kind)
    if not name or not event.message or (event.kind == "clicked" and not news(event.hit)):
        return None
    told = _common(event, origin, name)
    if name in _REFUSED:
        reply = event.reply
        told["reason"] = f"{reply.code} {reply.enhanced} {reply.text}".strip() if reply else event.reason
    if name == "click" and event.hit:
        told["link"] = event.hit.url
    return msgspec.json.encode(told)


def _hit_name(hit: Hit) -> str:
    if hit.was:
        return _first("opened", hit) if news(hit) else ""
    if hit.agent in {"proxy_prefetch", "image_proxy"}:
        return "unique_proxy_open" if hit.first else "proxy_open"
    return _first("opened", hit) if news(hit) else ""


def _first(name: str, hit: Hit) -> str:
    return f"unique_{name}" if hit.first else name


def _common(event: Event, origin: Origin, name: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "event": name,
        "email": event.recipient,
        "id": event.id & 0x7FFFFFFF,
        "date": datetime.fromtimestamp(event.at, UTC).astimezone(_HOME).strftime("%Y-%m-%d %H:%M:%S"),
        "ts": int(event.at),
        "ts_event": int(event.at),
        "ts_epoch": int(event.at * 1000),
        "message-id": shown(event.message, origin.domain, event.number if origin.apart else 0),
        "subject": origin.subject,
        "sending_ip": event.source if event.kind in {"delivered", "sent"} else "",
    }
    if event.tags:
        told |= {"tag": msgspec.json.encode(event.tags).decode(), "tags": list(event.tags)}
    if custom := payload(event.metadata, "X-Mailin-custom"):
        told["X-Mailin-custom"] = custom
    template = event.template.rpartition("@")[0]
    if template.isdecimal():
        told["template_id"] = int(template[:9])
    return told


FORM = Form(write, origin=True)
