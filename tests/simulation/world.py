"""One mailing to everybody, played to its end, and its truth."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from random import Random
from typing import Any

from tests.simulation import machines, people, population
from tests.simulation.mailing import Hit, Plan, Recipient, World


def play(plan: Plan) -> World:
    """Return the mailing with its hits in the order of time; equal plans give equal worlds."""
    random = Random(plan.seed)
    recipients = population.draw(random, plan)
    hits = [hit for who in recipients for hit in _of(random, who, plan)]
    return World(plan, recipients, sorted(hits))


def _of(random: Random, who: Recipient, plan: Plan) -> list[Hit]:
    hits = list(people.Person(random, who, plan.links).hits())
    clicks = [hit for hit in hits if hit.kind == "clicked"]
    hits += [again for click in clicks for again in machines.recheck(random, who, click)]
    hits += machines.prefetch(random, who)
    hits += machines.scan(random, who, plan)
    return hits


def known(world: World) -> dict[str, Any]:
    """Return what the relay that sent it knows: to whom, which site took it, and when its 250 came."""
    keys = ("number", "address", "site", "delivered")
    rows = [{key: getattr(who, key) for key in keys} for who in world.recipients]
    return {"links": world.plan.links, "recipients": rows}


def truth(world: World) -> dict[str, Any]:
    """Return what was planted, what came of it, and the cause of every hit in order."""
    people_ = world.recipients
    sites = Counter(who.provider for who in people_)
    return {
        "planted": asdict(world.plan),
        "readers": sum(who.reads for who in people_),
        "clickers": sum(who.clicks for who in people_),
        "behind_prefetcher": sum(who.program == "apple_mail" for who in people_),
        "providers": {name: count / len(people_) for name, count in sorted(sites.items())},
        "causes": [hit.cause for hit in world.hits],
    }


def told(hit: Hit) -> dict[str, Any]:
    """Return a hit as a line shows it: without its cause."""
    row = asdict(hit)
    del row["cause"]
    return row
