"""What loads and clicks with nobody there: Apple's prefetcher and the scanners of gateways."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.simulation import chance, figures
from tests.simulation.mailing import Hit, Plan, Recipient

_APPLE = chance.pool(20, 500)
#: Each gateway's own; that of a company's appliance is its neighbour's too, since both buy it as a service.
_POOLS = {
    name: chance.pool(40 + place, figures.GATEWAY_ADDRESSES)
    for place, name in enumerate(("defender", "proofpoint", "mimecast", "barracuda", "cisco", "appliance"))
}


def prefetch(random: Random, who: Recipient) -> Iterator[Hit]:
    """Apple's relay loads the pixel hours later, read or not (facts); what it did not load before, when it is read."""
    if who.program != "apple_mail":
        return
    ahead = random.random() < figures.APPLE_PREFETCHES
    if ahead or who.reads:
        at = who.delivered + chance.around(random, figures.APPLE_DELAY if ahead else figures.READS)
        yield Hit(at, "opened", who.number, 0, random.choice(_APPLE), figures.APPLE_AGENT, cause="prefetch")


def scan(random: Random, who: Recipient, plan: Plan) -> Iterator[Hit]:
    """A gateway loads the pixel, then all links within a second (facts); a patient one of a single link waits."""
    if not who.scanned:
        return
    if plan.links == 1 and random.random() < plan.patient:
        at = who.delivered + random.uniform(*figures.PATIENT)
        agent = chance.browser(random)
        yield Hit(at, "clicked", who.number, 1, chance.anywhere(random), agent, cause="patient_scanner")
        return
    yield from _look(random, who, plan.links)


def _look(random: Random, who: Recipient, links: int) -> Iterator[Hit]:
    pool, agent = _POOLS[who.provider], chance.browser(random)
    address = random.choice(pool)
    spread = random.random() < figures.GATEWAY_SPREADS
    method = "HEAD" if random.random() < figures.GATEWAY_HEAD else "GET"
    start = who.delivered + chance.between_points(random, figures.GATEWAY_LINKS)
    if random.random() < figures.GATEWAY_FETCHES_PIXEL:
        at = who.delivered + min(chance.around(random, figures.GATEWAY_PIXEL), start - who.delivered)
        source = random.choice(pool) if spread else address
        yield Hit(at, "opened", who.number, 0, source, agent, cause="scanner")
    span = random.uniform(*figures.GATEWAY_SPAN)
    for link in range(1, min(links, figures.GATEWAY_MOST_LINKS) + 1):
        at = start + span * random.random()
        source = random.choice(pool) if spread else address
        yield Hit(at, "clicked", who.number, link, source, agent, method, cause="scanner")


def recheck(random: Random, who: Recipient, click: Hit) -> Iterator[Hit]:
    """The gateway looks at a target again when the person clicks."""
    if who.provider == "defender" and click.cause == "person" and random.random() < figures.RECHECK:
        at = click.at + random.uniform(*figures.RECHECK_SECONDS)
        agent = chance.browser(random)
        yield Hit(at, "clicked", who.number, click.link, random.choice(_POOLS["defender"]), agent, cause="scanner")
