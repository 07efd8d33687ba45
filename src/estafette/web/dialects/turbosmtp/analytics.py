"""``/api/v2/analytics``: a record for each recipient, with what became of the message.

Shapes and texts: turboSMTP/developers-hub, api-docs/Domains/Meta.yaml and docs/analytics.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from fastapi import APIRouter, Request

from estafette.model.credential import Identity
from estafette.model.event import Event
from estafette.model.message import Content
from estafette.relay.submission.wrong import Wrong
from estafette.web import shapes
from estafette.web.dialects.caller import by_pair
from estafette.web.dialects.turbosmtp import wishes
from estafette.web.dialects.turbosmtp.errors import plain
from estafette.web.dialects.turbosmtp.status import error, status
from estafette.web.dialects.turbosmtp.wishes import Wish
from estafette.web.privacy import Privacy, Viewer
from estafette.web.problems import Problem
from estafette.web.services import Services

#: Events that one list may read.
MOST_EVENTS = 100_000
_TIME = "%Y-%m-%d %H:%M:%S"

#: Message and number of the recipient -> their events, oldest first.
Stories = dict[tuple[int, int], list[Event]]


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes. They read their parameters themselves, because each that is wrong has a text of its own."""
    own = APIRouter()
    privacy = Privacy(services)

    def seen(identity: Identity, events: Iterable[Event]) -> list[Event]:
        viewer = Viewer(identity.tenant, identity.credential)
        return [each for each in events if privacy.sees(viewer, each.stream, each.credential)]

    @own.get("/api/v2/analytics")
    async def analytics(request: Request) -> dict[str, Any]:
        """Return what was sent between two days and became of it, page by page."""
        identity, wish = caller(services, request), wishes.read(request)
        events = await services.statistics.events(identity.tenant, wish.since, services.clock.now() + 1, MOST_EVENTS)
        if events is None:
            raise plain(400, "too_many_results_name_fewer_days")
        stories = {
            key: found
            for key, found in stories_of(seen(identity, events)).items()
            if wish.since <= found[0].at < wish.until
        }
        contents = await services.spool.contents(list({message for message, _ in stories}))
        items = [item(key[0], found, contents.get(key[0]), wish.zone) for key, found in stories.items()]
        chosen = sorted((each for each in items if _fits(each, wish)), key=lambda each: _key(each, wish))
        ordered = chosen[::-1] if wish.descending else chosen
        start = (wish.page - 1) * wish.limit
        return {"count": len(ordered), "results": ordered[start : start + wish.limit]}

    @own.get("/api/v2/analytics/csv")
    async def table(request: Request) -> None:
        """Refuse: lists are told as JSON, tables by our own interface."""
        caller(services, request)
        raise plain(400, "csv_is_not_supported_use_GET_/v1/statistics?format=csv")

    @own.get("/api/v2/analytics/{number}")
    async def one(number: str, request: Request) -> dict[str, Any]:
        """Return one message, as its first recipient got it."""
        identity = caller(services, request)
        try:
            kept = await services.recall.find(identity, int(number[:20]) if number.isascii() else -1)
        except (ValueError, OverflowError, Wrong):
            raise plain(404, "email_not_found") from None
        stories = stories_of(seen(identity, kept.events))
        if not stories:
            raise plain(404, "email_not_found")
        told = item(kept.message, stories[min(stories)], kept.content)
        return told | {"contact_domain": told["recipient_domain"]}

    routes.include_router(own)


def caller(services: Services, request: Request) -> Identity:
    """Return the credential of the two header fields; Problem 401 in the form of this resource."""
    username, password = request.headers.get("consumerkey", ""), request.headers.get("consumersecret", "")
    if not (username and password):
        raise plain(401, "missing_authorization_key")
    try:
        return by_pair(services, request, username, password)
    except Problem as problem:
        if problem.status == 401:
            raise plain(401, "invalid_authorization_key") from None
        raise


def stories_of(events: Iterable[Event]) -> Stories:
    """Return the events of each recipient whose acceptance is among them; mail to nobody named is in none."""
    found: Stories = {}
    for event in events:
        key = event.message, event.number
        if event.kind == "queued":
            found[key] = [event]
        elif key in found:
            found[key].append(event)
    return found


def item(message: int, story: Sequence[Event], content: Content | None, zone: tzinfo = UTC) -> dict[str, Any]:
    """Return a record. What was in the message is told for as long as it is kept."""
    first = story[0]
    sender = content.sender if content else ""
    moment = datetime.fromtimestamp(first.at, zone)
    return {
        "id": message,
        "subject": shapes.subject(content.subject) if content else "",
        "sender": sender,
        "recipient": first.recipient,
        "send_time": moment.strftime(_TIME),
        "status": status(story),
        "domain": sender.rpartition("@")[2] or first.from_domain,
        "error": error(story),
        "recipient_domain": first.recipient.rpartition("@")[2],
        "x_campaign_id": first.campaign,
    }


def _fits(found: Mapping[str, Any], wish: Wish) -> bool:
    if wish.statuses and found["status"] not in wish.statuses:
        return False
    return not wish.text or any(wish.text in str(found[name]).lower() for name in wish.fields)


def _key(found: Mapping[str, Any], wish: Wish) -> tuple[str, int]:
    return str(found[wish.order]).lower(), found["id"]
