"""The topics of a stream as one recipient sees them: what may be chosen, what is had, and what a form said."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from estafette.model.topic import Topic
from estafette.web.languages import preferred

Fields = Mapping[str, Sequence[str]]


class Shown(NamedTuple):
    """One topic on the page. wanted: its box is ticked."""

    name: str
    title: str
    wanted: bool


def shown(topics: Sequence[Topic], language: str, wanted: Collection[str]) -> list[Shown]:
    """Return topics as a reader of some Accept-Language sees them."""
    french = preferred(language) == "fr"
    return [
        Shown(topic.name, (topic.french if french else "") or topic.title, topic.name in wanted) for topic in topics
    ]


def chosen(fields: Fields, topics: Sequence[Topic]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return (offered, wanted) of a form; None when it chose nothing among the topics that there are.

    What the form did not show, because it was added since, is not decided by it.
    """
    known = [topic.name for topic in topics]
    said = fields.get("confirm", ("",))[0]
    if said == "all":
        return tuple(known), tuple(known)
    if said != "choose":
        return None
    offered = tuple(name for name in known if name in fields.get("offered", ()))
    return (offered, tuple(name for name in offered if name in fields.get("topic", ()))) if offered else None
