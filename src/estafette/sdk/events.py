"""The calls of ``/v1/events``."""

from __future__ import annotations

from estafette.sdk.answers import Event, Page
from estafette.sdk.call import Call, Walk, page_of, place


def every(after: str = "", *, kind: str = "", page_size: int = 1000) -> Walk[Event]:
    """Go through the log from behind a cursor to its end, oldest first. kind: only these, such as ``delivered``."""

    def page(begin: str) -> Call[Page[Event]]:
        query: dict[str, str | int] = {"after": begin or "0", "limit": page_size, "kind": kind}
        return Call(method="GET", path=place("events"), query=query, read=page_of(Event.of))

    return Walk(page=page, after=after)


def follow(after: str = "", *, kind: str = "", pause: float = 2.0, page_size: int = 1000) -> Walk[Event]:
    """Go through the log and then wait for what comes; it never ends.

    Keep ``event.cursor`` of the last one that was dealt with, and begin behind it next time: none is missed, none
    comes twice. pause: seconds between looks while there is nothing new.
    """
    walk = every(after, kind=kind, page_size=page_size)
    return Walk(page=walk.page, after=after, every=pause)
