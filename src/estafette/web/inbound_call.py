"""What the address of a route is called with: that mail came in, what it says, and where the rest of it is.

Signed and repeated as every call is (Standard Webhooks). Files are not in the body, which is bounded: they, and the
message as it was sent, are fetched under the addresses that it names.
"""

from __future__ import annotations

from typing import Any

import msgspec

from estafette.base import ids
from estafette.model.event import Event
from estafette.web import inbound_mail, shapes
from estafette.webhooks.form import Form, Origin

#: Octets of a body, from which on the parts below are left out or cut, one after the other.
LARGEST = 100_000
_TEXT = 10_000
_FILES = 50


def write(event: Event, origin: Origin) -> bytes:
    """Return the body of a call."""
    kept = dict(origin.mail or {})
    mail = None if kept.get("mail") is None else dict(kept["mail"])
    data: dict[str, Any] = {
        **inbound_mail.arrival(event),
        "id": ids.show(event.id),
        "message": shapes.recipient_id(event.message, event.number),
        "tenant": event.tenant,
        "sender": kept.get("sender", ""),
        "mail": mail,
        "raw": kept.get("raw"),
    }
    body = {"type": event.kind, "timestamp": shapes.moment(event.at), "data": data}
    encoded = msgspec.json.encode(body)
    for name, most in (("html", 0), ("headers", 0), ("text", _TEXT), ("attachments", _FILES)):
        if mail is None or len(encoded) <= LARGEST:
            break
        mail |= {name: mail[name][:most], "truncated": True}
        encoded = msgspec.json.encode(body)
    return encoded


FORM = Form(write, origin=True)
