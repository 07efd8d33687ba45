"""The log of a webhook's calls, and calls that a person wants: a test, one again, a part of the past again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from estafette.base import ids
from estafette.base.errors import Fault
from estafette.model.event import Event
from estafette.model.webhook import PING, AnyFormat, Call, CallState, LogReader, Webhook
from estafette.store.interface.history import History
from estafette.store.interface.page import FIRST, Page
from estafette.tenancy.office import NotFound, Office, Resource, listing, moment, new_id
from estafette.webhooks.endpoints import find
from estafette.webhooks.form import Form, Origin

#: Hits are written down some time after they happened: so much before a moment the log is looked through for it.
SLACK = 86_400.0


def list_all(
    office: Office, tenant: str, webhook: str, page: Page = FIRST, *, state: CallState | None = None
) -> Resource:
    """Return a page of a webhook's calls, newest first: those that wait, and the last ones that ended. NotFound."""
    owner = find(office, tenant, webhook)
    found = office.control.webhooks.calls(page, webhook=owner.id, state=state)
    return listing([_told(each) for each in found.items], found.next)


def show(office: Office, tenant: str, webhook: str, call: str) -> Resource:
    """Return a call with its body and every attempt. NotFound."""
    return _whole(_find(office, find(office, tenant, webhook), call))


def retry(office: Office, tenant: str, webhook: str, call: str) -> Resource:
    """Have a call made now, whatever became of it before. NotFound, Fault."""
    owner = _called(find(office, tenant, webhook))
    now = office.now()
    again = msgspec.structs.replace(_find(office, owner, call), state="pending", due=now, ended=0.0)
    _ask(office, owner, again, "webhook.retry")
    return show(office, tenant, owner.id, call)


def ping(office: Office, forms: Mapping[AnyFormat, Form], tenant: str, webhook: str) -> Resource:
    """Have a test call made now; in the form of another service, a ``delivered`` that never was. NotFound, Fault."""
    owner = _called(find(office, tenant, webhook))
    now, number = office.now(), ids.read(new_id())
    call = Call(
        webhook=owner.id, id=f"evt_{ids.show(number)}", place=0, message=number, kind=PING,
        body=_test(owner, forms[owner.format], number, now), due=now, created=now,
    )  # fmt: skip
    _ask(office, owner, call, "webhook.ping")
    return show(office, tenant, owner.id, call.id)


def replay(
    office: Office, tenant: str, webhook: str, *, since: float, until: float, cursor: int, stop: int
) -> Resource:
    """Have events told again that happened from ``since`` until before ``until``. NotFound, Fault.

    cursor: a position before all of them (``before``); stop: the end of the log. Ids are those of the first time.
    """
    owner = _called(find(office, tenant, webhook))
    if not 0 < since < until:
        raise Fault("a replay ends after it begins", place="since", fix="give since, and a later until")
    reader = LogReader(id=new_id(), webhook=owner.id, cursor=cursor, stop=max(stop, 1), since=since, until=until)
    detail = f"{moment(since)} to {moment(until)}"
    entry = office.entry("webhook.replay", tenant=owner.tenant, subject=owner.id, detail=detail)
    office.control.webhooks.replay(reader, entry)
    return {"id": reader.id, "webhook": owner.id, "since": moment(since), "until": moment(until)}


def moment_of(text: str, place: str) -> float:
    """Return the unix seconds of a time in RFC 3339; Fault."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 1970 <= found.year <= 9000:
        raise Fault(f"{text[:40]!r} is no time with its zone", place=place, fix="write it as 2027-01-31T12:00:00Z")
    return found.timestamp()


async def before(history: History, at: float) -> int:
    """Return a position of the log before every event that happened at a moment or later."""
    low, high = 0, await history.position()
    while low < high:
        middle = (low + high) // 2
        found = await history.after(middle, 1)
        if found and found[0][1].at < at - SLACK:
            low = middle + 1
        else:
            high = middle
    return low


def _test(webhook: Webhook, form: Form, number: int, now: float) -> bytes:
    if webhook.format == "standard":
        body = {"type": PING, "timestamp": moment(now), "data": {"webhook": webhook.id}}
        return msgspec.json.encode(body)
    event = Event(
        id=number, at=now, kind="delivered", tenant=webhook.tenant, stream="", message=number, number=1,
        recipient="test@example.com",
    )  # fmt: skip
    return form.write(event, Origin(subject="Test", domain="example.com")) or b"{}"


def _ask(office: Office, webhook: Webhook, call: Call, act: str) -> None:
    office.control.webhooks.ask(call, office.entry(act, tenant=webhook.tenant, subject=webhook.id, detail=call.id))


def _find(office: Office, webhook: Webhook, call: str) -> Call:
    found = office.control.webhooks.call(webhook.id, call)
    if found is None:
        fix = "see `estafette webhook calls`; the log keeps the last ones"
        raise NotFound(f"there is no call {call[:64]!r} of this webhook", place="call", fix=fix)
    return found


def _called(webhook: Webhook) -> Webhook:
    if webhook.status != "active":
        raise Fault(f"the webhook is disabled: {webhook.reason}", place="status", fix="set its status to active first")
    return webhook


def _told(call: Call) -> Resource:
    last = call.attempts[-1] if call.tries else None
    return {
        "id": call.id,
        "kind": call.kind,
        "message": ids.show(call.message) if call.place else None,
        "state": call.state,
        "attempts": call.tried,
        "next": moment(call.due) if call.state == "pending" else None,
        "status": last.status if last else None,
        "why": _waits(call) or (last.why if last else ""),
        "created": moment(call.created),
        "ended": moment(call.ended),
    }


def _whole(call: Call) -> Resource:
    tries: list[dict[str, Any]] = [
        {"at": moment(each.at), "status": each.status or None, "ms": each.ms, "why": each.why, "reply": each.reply}
        for each in call.attempts
    ]
    return {**_told(call), "body": call.body.decode("utf-8", "replace"), "tries": list(tries)}


def _waits(call: Call) -> str:
    return "it waits for an earlier call of the same message" if call.state == "pending" and call.due is None else ""
