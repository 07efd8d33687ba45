"""The calls of ``/v1/events``."""

from __future__ import annotations

from estafette.sdk.answers import Event, Page
from estafette.sdk.call import Call, Walk, page_of, place

#: Seconds that a follower lets the service wait for an event; a client's timeout must be longer.
WAIT = 20


def every(after: str = "", *, kind: str = "", page_size: int = 1000) -> Walk[Event]:
    """Go through the log from behind a cursor to its end, oldest first. kind: only these, such as ``delivered``."""
    return _walk(after, kind, page_size, wait=0, pause=None)


def follow(after: str = "", *, kind: str = "", pause: float = 0.0, page_size: int = 1000) -> Walk[Event]:
    """Go through the log and then wait for what comes; it never ends.

    Keep ``event.cursor`` of the last one that was dealt with, and begin behind it next time: none is missed, none
    comes twice. The service answers as soon as there is something. pause: seconds to let events gather before.
    """
    return _walk(after, kind, page_size, wait=WAIT, pause=pause)


def _walk(after: str, kind: str, page_size: int, *, wait: int, pause: float | None) -> Walk[Event]:
    def page(begin: str) -> Call[Page[Event]]:
        query: dict[str, str | int] = {"after": begin or "0", "limit": page_size}
        query |= {"kind": kind} if kind else {}
        query |= {"wait": wait} if wait else {}
        return Call(method="GET", path=place("events"), query=query, read=page_of(Event.of))

    return Walk(page=page, after=after, every=pause)
