"""``estafette message show``: the story of one message."""

from __future__ import annotations

from typing import Any

from cyclopts import App

from estafette.base import ids
from estafette.base.errors import Fault
from estafette.cli import output
from estafette.cli.call import call
from estafette.cli.opening import message_id, with_store
from estafette.model.event import Event
from estafette.model.message import Content
from estafette.model.tracking import Hit, RawHit
from estafette.relay.feedback.judgement import provisional
from estafette.runtime.lists import lists_of
from estafette.store.open import Store
from estafette.web import shapes

app = App(name="message", help="The story of one message.")


@app.command
def show(id: str, /) -> None:  # noqa: A002 - the contract's word
    """Tell every event and attempt of a message, with the SMTP steps and their times. id: ID, or ID.N.

    Opens and clicks that are not final yet stand below, as they look so far.
    """
    message, number = message_id(id)

    async def look(store: Store) -> tuple[Content | None, list[Event], list[RawHit]]:
        contents = await store.spool.contents([message])
        events, hits = await store.history.of_message(message), await store.hits.of_messages([message])
        return contents.get(message), list(events), list(hits)

    content, events, hits = with_store(look)
    pending = _pending(hits, events, number)
    events = [event for event in events if not number or event.number in (0, number)]
    if not events and content is None:
        raise Fault(f"no message {id} is known", place=id, fix="events are kept for retention.events")
    if call.json:
        told = shapes.content(content) if content else {"id": ids.show(message)}
        output.document({**told, "events": [shapes.event(event) for event in events], "pending": pending})
        return
    _tell(content, events)
    for each in pending:
        reasons = f" ({', '.join(each['reasons'])})" if each["reasons"] else ""
        print(output.plain(f"{each['at']}  {each['kind']:<12} {each['message']} looks like {each['agent']}{reasons}"))


def _pending(hits: list[RawHit], events: list[Event], number: int) -> list[dict[str, Any]]:
    """Return the hits that are no event yet, with their provisional class."""
    known = {event.id for event in events}
    verdicts = provisional(hits, events, lists_of(call.settings.tracking.networks_file)) if hits else {}
    return [shapes.pending(hit, verdicts[hit.id]) for hit in hits if hit.id not in known and number in (0, hit.number)]


def _judged(hit: Hit | None) -> str:
    if hit is None:
        return ""
    why = f" ({', '.join(hit.reasons)})" if hit.reasons else ""
    return f": {hit.agent}{why}"


def _tell(content: Content | None, events: list[Event]) -> None:
    if content is not None:
        output.resource(shapes.content(content))
        print()
    for event in events:
        reply = f" {event.reply.code} {event.reply.enhanced} {event.reply.text}" if event.reply else ""
        where = f" at {event.site}" if event.site else ""
        reason = f" ({event.reason})" if event.reason else ""
        line = (
            f"{shapes.moment(event.at)}  {event.kind:<12} {event.recipient}{where}{reason}{reply}{_judged(event.hit)}"
        )
        print(output.plain(line))
        for step in event.steps:
            print(output.plain(f"    +{step.at_ms:>6} ms  {step.verb:<10} {step.reply}"))
