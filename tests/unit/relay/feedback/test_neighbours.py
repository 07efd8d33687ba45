"""The window of rule 11: who touched what around a time, read page by page, with bounded room."""

from __future__ import annotations

from estafette.model.tracking import RawHit
from estafette.relay.feedback.neighbours import REMEMBERED, Neighbours
from estafette.relay.feedback.pages import pages

START = 1_800_000_000.0


class Kept:
    """Hits in memory; ``between`` as ``store.interface.hits`` defines it."""

    def __init__(self, hits) -> None:
        self.hits = sorted(hits, key=lambda hit: (hit.at, hit.id))
        self.read = 0

    async def between(self, start: float, end: float, limit: int = 100_000):
        page = [hit for hit in self.hits if start <= hit.at < end][:limit]
        self.read += len(page)
        return page


def hit(number: int, at: float, address: str = "192.0.2.1", link: int = 1) -> RawHit:
    return RawHit(number, START + at, "clicked" if link else "opened", "t1", "main", number, 1, link, "", address)


async def _all(hits, size):
    return [each.id async for page in pages(Kept(hits), START, START + 100, size) for each in page]


async def test_pages_bring_each_hit_once_also_when_many_share_a_moment():
    hits = [hit(n, [0, 1, 1, 1, 1, 1, 1, 2, 3][n]) for n in range(9)]
    for size in range(1, 12):
        assert await _all(hits, size) == list(range(9))


async def test_the_window_reaches_as_far_as_the_rule_looks():
    window = Neighbours(Kept([hit(n, at) for n, at in enumerate([-601, -600, -300, 0, 300, 599, 601])]))
    await window.move(START, START)
    assert sorted(touch.id for _, touch in window.of(["192.0.2.1"])) == [1, 2, 3, 4, 5]


async def test_addresses_that_touched_few_are_passed_over_and_opens_do_not_count():
    hits = [hit(n, n) for n in range(4)] + [hit(n, n, "192.0.2.2") for n in range(4, 9)]
    window = Neighbours(Kept([*hits, hit(9, 9, link=0)]))
    await window.move(START, START + 10)
    assert {address for address, _ in window.of(["192.0.2.1", "192.0.2.2", "unknown"])} == {"192.0.2.2"}


async def test_moving_on_reads_what_is_new_and_forgets_what_is_old():
    kept = Kept([hit(n, n * 10.0) for n in range(1_000)])
    window = Neighbours(kept, page=50)
    for place in range(0, 9_000, 100):
        await window.move(START + place, START + place + 100)
    assert kept.read < 3 * len(kept.hits)
    found = [touch.at - START for _, touch in window.of(["192.0.2.1"])]
    assert min(found) > 8_200
    await window.move(START, START)
    assert max(touch.at - START for _, touch in window.of(["192.0.2.1"])) < 700


async def test_what_comes_in_late_is_read_when_the_window_moves():
    kept = Kept([hit(n, n) for n in range(5)])
    window = Neighbours(kept)
    await window.move(START, START)
    kept.hits.append(hit(9, 5))
    await window.move(START, START + 1)
    assert 9 in {touch.id for _, touch in window.of(["192.0.2.1"])}


async def test_a_flood_from_one_address_takes_no_more_room_than_a_crowd():
    window = Neighbours(Kept([hit(n, n / 1_000) for n in range(5_000)]))
    await window.move(START, START)
    assert len(window.of(["192.0.2.1"])) == REMEMBERED
