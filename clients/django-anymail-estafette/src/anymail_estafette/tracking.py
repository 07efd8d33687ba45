"""Tracking without a webhook: what happened is asked for, and told by anymail's ``tracking`` signal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import requests
from anymail.signals import AnymailTrackingEvent, EventType, tracking
from anymail.utils import get_anymail_setting

from anymail_estafette.backend import EmailBackend

_KINDS = {value for name, value in vars(EventType).items() if name.isupper()}
#: Seconds that one answer may take.
TIMEOUT = 30.0


def poll(after: str = "", *, limit: int = 1000, session: requests.Session | None = None) -> str:
    """Tell of the events behind a cursor; return the cursor of the last one, to begin behind it next time.

    Keep it (in a model, in the cache) and call this every minute: no event is missed, none is told twice. "" begins
    with the oldest that is kept. requests.RequestException when the service does not answer, or says no.
    """
    url, key = (get_anymail_setting(name, esp_name=EmailBackend.esp_name) for name in ("api_url", "api_key"))
    answer = (session or requests).get(
        f"{url.rstrip('/')}/v1/events", params={"after": after or "0", "limit": str(limit)}, timeout=TIMEOUT,
        headers={"Authorization": f"Bearer {key}"},
    )  # fmt: skip
    answer.raise_for_status()
    for told in answer.json()["items"]:
        tracking.send(EmailBackend, event=event_of(told), esp_name=EmailBackend.esp_name)
        after = told["cursor"]
    return after


def event_of(told: Mapping[str, Any]) -> AnymailTrackingEvent:
    """Return anymail's form of an event; kinds that it has no word for are ``unknown``."""
    reply = told.get("reply") or {}
    return AnymailTrackingEvent(
        event_type=told["kind"] if told["kind"] in _KINDS else EventType.UNKNOWN,
        timestamp=datetime.fromisoformat(told["at"]), event_id=told["id"], esp_event=told,
        message_id=told["message"], recipient=told["recipient"], metadata=told["metadata"], tags=told["tags"],
        description=told["reason"] or None,
        mta_response=" ".join(str(part) for part in reply.values() if part) or None,
    )  # fmt: skip
