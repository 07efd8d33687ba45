"""A played mailing goes the way of a real one: raw hits, timelines, verdicts, events, and what is counted of them."""

from __future__ import annotations

from tests.simulation.mailing import World

from estafette.model.event import Event
from estafette.model.tracking import RawHit
from estafette.relay.feedback.hit_events import final
from estafette.relay.feedback.judgement import Judged, judged
from estafette.relay.feedback.timeline import Timeline
from estafette.tracking import lists

START = 1_800_000_000.0
MESSAGE = 1
LISTS = lists.load()


def delivered(world: World) -> list[Event]:
    """The log before anybody hit anything: what a relay knows."""
    return [
        Event(
            id=who.number, at=START + who.delivered, kind="delivered", tenant="t1", stream="main", message=MESSAGE,
            number=who.number, recipient=who.address, site=who.site,
        )
        for who in world.recipients
    ]  # fmt: skip


def raw(world: World) -> list[RawHit]:
    """The hits as ``public`` keeps them."""
    base = len(world.recipients) + 1
    return [
        RawHit(
            base + place, START + hit.at, hit.kind, "t1", "main", MESSAGE, hit.recipient, hit.link, "", hit.address,
            hit.agent, hit.method, hit.purpose, links=world.plan.links,
        )
        for place, hit in enumerate(world.hits)
    ]  # fmt: skip


def judge(world: World) -> list[Judged]:
    """Every hit of a mailing, in order, and what it was judged as."""
    hits = raw(world)
    found = judged(hits, (), {MESSAGE: Timeline.of(delivered(world))}, LISTS)
    return [found[hit.id] for hit in hits]


def log_of(world: World) -> list[Event]:
    """The log when every hit is final."""
    return [*delivered(world), *(final(each, LISTS.programs, lambda _address: "") for each in judge(world))]
