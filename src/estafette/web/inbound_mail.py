"""The JSON form of mail that came in: one form for the API, the command line and the calls of routes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from estafette.base import ids
from estafette.mail.incoming import Incoming
from estafette.model.event import Event
from estafette.model.message import Content
from estafette.model.webhook import Call
from estafette.relay.inbox import Came, Kept
from estafette.web import shapes

#: Octets that one look takes apart; of what is larger there is the raw message alone.
LARGEST = 64 << 20
_NO_CALLS: Mapping[int, Call] = MappingProxyType({})
#: What a verdict quotes is the sender's.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"?')
_VERDICT = re.compile(r"(?:^|[;\s])(spf|dkim|dmarc)\s{0,8}=\s{0,8}([a-z]{1,20})", re.IGNORECASE)


def listed(came: Came) -> dict[str, Any]:
    """Return an item of the list."""
    event, content = came
    return {
        **arrival(event),
        "sender": content.sender if content else "",
        "subject": shapes.subject(content.subject) if content else "",
        "kept": content is not None and not content.handed,
    }


def arrival(event: Event) -> dict[str, Any]:
    """Return what the log says of one address that a message came to."""
    return {
        "id": ids.show(event.message),
        "at": shapes.moment(event.at),
        "recipient": event.recipient,
        "route": event.route,
        "reason": event.reason,
        "source": event.source,
        "size": event.size,
    }


def shown(
    kept: Kept, mail: Incoming | None, *, api_url: str, hostname: str, calls: Mapping[int, Call] = _NO_CALLS
) -> dict[str, Any]:  # fmt: skip
    """Return a message. mail: what it says, None when it is not kept. hostname: whose verdicts are believed.

    calls: of the route's address, by event.
    """
    content, first = kept.content, next(iter(kept.events), None)
    place = f"{api_url.rstrip('/')}/v1/inbound/{ids.show(kept.message)}"
    return {
        "id": ids.show(kept.message),
        "at": shapes.moment(content.accepted if content else first.at if first else None),
        "sender": content.sender if content else "",
        "source": content.source if content else first.source if first else "",
        "route": content.route if content else first.route if first else "",
        "size": content.size if content else first.size if first else 0,
        "recipients": _recipients(kept.events, content, calls),
        "mail": None if mail is None else told(mail, place, hostname),
        "raw": None if mail is None else f"{place}/raw",
    }


def _recipients(events: Sequence[Event], content: Content | None, calls: Mapping[int, Call]) -> list[dict[str, Any]]:
    if events:
        return [
            {"recipient": each.recipient, "reason": each.reason, "call": _called(calls.get(each.id))} for each in events
        ]
    return [{"recipient": each, "reason": "", "call": None} for each in (content.came_to if content else ())]


def _called(call: Call | None) -> dict[str, Any] | None:
    if call is None:
        return None
    last = call.attempts[-1] if call.tries else None
    return {
        "id": call.id,
        "state": call.state,
        "attempts": call.tried,
        "next": shapes.moment(call.due) if call.state == "pending" else None,
        "status": last.status or None if last else None,
        "why": last.why if last else "",
    }


def told(mail: Incoming, place: str, hostname: str) -> dict[str, Any]:
    """Return what a message says. place: the address of its resource, below which its files are."""
    return {
        "from": mail.sender,
        "to": mail.to,
        "cc": mail.cc,
        "reply_to": mail.reply_to,
        "subject": mail.subject,
        "date": mail.date,
        "message_id": mail.message_id,
        "text": mail.text,
        "html": mail.html,
        "headers": [{"name": name, "value": value} for name, value in mail.fields],
        "attachments": [
            {
                "number": file.number, "name": file.name, "type": file.type, "size": file.size, "cid": file.cid,
                "url": f"{place}/attachments/{file.number}",
            }
            for file in mail.files
        ],
        "authentication": verdicts(mail, hostname),
        "spam": any(name.lower() == "x-spam" and value.lower() == "yes" for name, value in mail.fields),
        "opaque": mail.opaque,
        "truncated": mail.cut,
    }  # fmt: skip


def verdicts(mail: Incoming, hostname: str) -> Mapping[str, str]:
    """Return what our own Authentication-Results says (RFC 8601): of ``spf``, ``dkim``, ``dmarc`` the first of each.

    The same field in another's name is the sender's word, and is not looked at.
    """
    found: dict[str, str] = {}
    for name, value in mail.fields:
        server, _, results = value.partition(";")
        if (
            name.lower() == "authentication-results"
            and server.split()
            and server.split()[0].lower() == hostname.lower()
        ):
            for method, result in _VERDICT.findall(_QUOTED.sub("", results)):
                found.setdefault(method.lower(), result.lower())
    return found
