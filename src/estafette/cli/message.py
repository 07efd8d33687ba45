"""``estafette message show``: the story of one message."""

from __future__ import annotations

from cyclopts import App

from estafette.base import ids
from estafette.base.errors import Fault
from estafette.cli import output
from estafette.cli.call import call
from estafette.cli.opening import message_id, with_store
from estafette.model.event import Event
from estafette.model.message import Content
from estafette.store.open import Store
from estafette.web import shapes

app = App(name="message", help="The story of one message.")


@app.command
def show(id: str, /) -> None:  # noqa: A002 - the contract's word
    """Tell every event and attempt of a message, with the SMTP steps and their times. id: ID, or ID.N."""
    message, number = message_id(id)

    async def look(store: Store) -> tuple[Content | None, list[Event]]:
        contents = await store.spool.contents([message])
        return contents.get(message), list(await store.history.of_message(message))

    content, events = with_store(look)
    events = [event for event in events if not number or event.number in (0, number)]
    if not events and content is None:
        raise Fault(f"no message {id} is known", place=id, fix="events are kept for retention.events")
    if call.json:
        told = shapes.content(content) if content else {"id": ids.show(message)}
        output.document({**told, "events": [shapes.event(event) for event in events]})
        return
    _tell(content, events)


def _tell(content: Content | None, events: list[Event]) -> None:
    if content is not None:
        output.resource(shapes.content(content))
        print()
    for event in events:
        reply = f" {event.reply.code} {event.reply.enhanced} {event.reply.text}" if event.reply else ""
        where = f" at {event.site}" if event.site else ""
        reason = f" ({event.reason})" if event.reason else ""
        line = f"{shapes.moment(event.at)}  {event.kind:<12} {event.recipient}{where}{reason}{reply}"
        print(output.plain(line))
        for step in event.steps:
            print(output.plain(f"    +{step.at_ms:>6} ms  {step.verb:<10} {step.reply}"))
