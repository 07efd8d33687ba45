"""The JSON form of deliveries, events, rules and contents: one form for the API and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Any

from estafette.base import ids
from estafette.model.event import Event
from estafette.model.message import Content, Delivery
from estafette.model.rule import Rule
from estafette.model.stream import Priority
from estafette.model.tracking import Hit, RawHit
from estafette.relay.scheduling.rules import matches
from estafette.relay.scheduling.snapshot import LaneState
from estafette.relay.scheduling.why import on_lane
from estafette.relay.submission.hours import CLOSED
from estafette.relay.submission.terms import PACED
from estafette.tracking.evidence import Verdict


def moment(seconds: float | None) -> str | None:
    """Write a time as RFC 3339 UTC with microseconds; None for none."""
    if not seconds:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def readable(text: str) -> str:
    """Return a ``moment`` as people read it: to the second, in UTC."""
    return f"{text[:19].replace('T', ' ')} UTC"


def recipient_id(message: int, number: int) -> str:
    """Write ``ID.N``, or ``ID`` when the whole message is meant."""
    return f"{ids.show(message)}.{number}" if number else ids.show(message)


def event(item: Event) -> dict[str, Any]:
    """Return the JSON form of an event; empty fields stay in, so that every line has the same keys."""
    reply = item.reply
    return {
        "id": ids.show(item.id),
        "at": moment(item.at),
        "kind": item.kind,
        "tenant": item.tenant,
        "stream": item.stream,
        "message": recipient_id(item.message, item.number),
        "recipient": item.recipient,
        "campaign": item.campaign,
        "attempt": item.attempt,
        "reply": {"code": reply.code, "enhanced": reply.enhanced, "text": reply.text} if reply else None,
        "site": item.site,
        "source": item.source,
        "reason": item.reason,
        "credential": item.credential,
        "size": item.size,
        "charged": moment(item.charged),
        "steps": [{"verb": step.verb, "at_ms": step.at_ms, "reply": step.reply} for step in item.steps],
        "tags": list(item.tags),
        "metadata": item.metadata,
        "template": item.template,
        "hit": _hit(item.hit) if item.hit else None,
        "count": item.count,
        "topic": item.topic,
        "category": item.category,
        "scope": item.scope,
        "rule": item.rule,
        "route": item.route,
    }


def _hit(item: Hit) -> dict[str, Any]:
    return {
        "agent": item.agent,
        "reasons": list(item.reasons),
        "version": item.version,
        "mode": item.mode,
        "link": item.link,
        "url": item.url,
        "client": item.client,
        "country": item.country,
        "first": item.first,
        "was": item.was,
    }


def pending(item: RawHit, verdict: Verdict) -> dict[str, Any]:
    """Return the JSON form of a hit that is not final: as it looks so far, and without the address it came from."""
    return {
        "id": ids.show(item.id),
        "at": moment(item.at),
        "kind": item.kind,
        "message": recipient_id(item.message, item.number),
        "agent": verdict.agent,
        "reasons": list(verdict.reasons),
        "link": item.link,
        "url": item.url,
    }


def delivery(item: Delivery) -> dict[str, Any]:
    """Return the JSON form of a waiting recipient."""
    return {
        "id": recipient_id(item.message, item.number),
        "message": ids.show(item.message),
        "recipient": item.address,
        "domain": item.domain,
        "site": item.lane,
        "tenant": item.tenant,
        "stream": item.stream,
        "priority": Priority(item.priority).name.lower(),
        "from_domain": item.from_domain,
        "campaign": item.campaign,
        "egress": item.egress,
        "attempts": item.attempts,
        "queued": moment(item.born),
        "due": moment(item.due),
        "expires": moment(item.expires),
        "size": item.size,
        "last": item.last,
    }


def waiting(
    item: Delivery, rules: list[Rule], now: float, lanes: Mapping[tuple[str, str], LaneState] | None = None
) -> dict[str, Any]:
    """Return why a recipient waits, by which rule and until when. lanes: what couriers told of theirs, if known."""
    mine = [rule for rule in rules if matches(rule.filter, item)]
    for rule in mine:
        if rule.kind != "slow":
            return _kept_back(rule)
    if item.due > now and item.attempts and item.last != CLOSED:
        tries = "once" if item.attempts == 1 else f"{item.attempts} times"
        why = f"tried {tries}, and is tried again; the last word was: {item.last or 'none'}"
        return {"why": why, "rule": "retry", "until": moment(item.due)}
    if item.due > now:
        if item.last == CLOSED:
            why = f"the stream {item.stream} sends in its hours only, and waits for them"
            return {"why": why, "rule": CLOSED, "until": moment(item.due)}
        name = "quota" if item.last.startswith(PACED) else "schedule"
        return {"why": item.last or "not to be sent before its time", "rule": name, "until": moment(item.due)}
    if mine:
        return _slowed(min(mine, key=lambda rule: rule.rate))
    lane = (lanes or {}).get(("", item.egress))
    if lane is not None and item.priority == Priority.BULK:
        told = on_lane(item, lane, now)
        return {"why": told.text, "rule": told.rule, "until": moment(now)}
    why = f"due; goes when a connection to {item.lane}, and bandwidth, is free"
    return {"why": f"{why}; the last word was: {item.last}" if item.last else why, "rule": "lane", "until": moment(now)}


def _kept_back(rule: Rule) -> dict[str, Any]:
    if rule.kind != "hold":
        said = {"cancel": "is being cancelled", "purge": "is being purged"}[rule.kind]
        return {"why": said, "rule": f"{rule.kind} {ids.show(rule.id)}", "until": None}
    if rule.reason == "restored":
        return {"why": "held since the restore, until: estafette queue release", "rule": "restored", "until": None}
    if rule.suspension:
        why = f"held by the suspension {rule.suspension}, until it is lifted or its mail is released"
    else:
        why = f"held by {rule.by or 'an operator'}, until: estafette queue release"
    said = f"{why}; the reason: {rule.reason}" if rule.reason else why
    return {"why": said, "rule": f"hold {ids.show(rule.id)}", "until": moment(rule.until)}


def _slowed(rule: Rule) -> dict[str, Any]:
    asks = rule.filter
    where = f" to {asks.site}" if asks.site else ""
    why = f"the stream {asks.stream} is slowed{where} to {rule.rate:.0f} recipients an hour by the rule {rule.reason}"
    way = f"it goes in turn; estafette pace show {rule.pace} says why, and the way back"
    return {"why": f"{why}; {way}", "rule": f"slow {ids.show(rule.id)}", "until": moment(rule.until)}


def rule(item: Rule) -> dict[str, Any]:
    """Return the JSON form of an operator rule."""
    fields = ("tenant", "stream", "credential", "domain", "site", "from_domain", "campaign", "recipient")
    selection = {name: getattr(item.filter, name) for name in fields if getattr(item.filter, name)}
    if item.filter.message:
        selection["id"] = recipient_id(item.filter.message, item.filter.number)
    if item.filter.born_before:
        selection["accepted_before"] = moment(item.filter.born_before)
    return {
        "id": ids.show(item.id),
        "kind": item.kind,
        "filter": selection,
        "reason": item.reason,
        "created": moment(item.created),
        "by": item.by,
        "per_hour": round(item.rate) or None,
    }


def content(item: Content) -> dict[str, Any]:
    """Return the JSON form of an accepted message, without its body."""
    return {
        "id": ids.show(item.id),
        "tenant": item.tenant,
        "stream": item.stream,
        "from": item.sender,
        "subject": subject(item.subject),
        "size": item.size,
        "accepted": moment(item.accepted),
        "recipients": item.recipients,
        "campaign": item.campaign,
        "credential": item.credential,
        "tags": list(item.tags),
        "metadata": item.metadata,
        "template": item.template,
        "topic": item.topic,
    }


def subject(field: str) -> str:
    """Return a Subject as people read it (RFC 2047); what cannot be decoded stays as it stands."""
    try:
        return str(make_header(decode_header(field)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return field
