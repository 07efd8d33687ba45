"""Who belongs to the panel, by the last word of the log on each hit."""

from __future__ import annotations

from estafette.base import ids
from estafette.model.event import Event
from estafette.model.tracking import Hit
from estafette.reporting.panel import Stratum, strata

AT = 1_800_000_000.0


class Log:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, kind: str, number: int, *, hit: Hit | None = None, site: str = "", source: str = "") -> int:
        made = len(self.events) + 100
        self.events.append(
            Event(
                id=made, at=AT, kind=kind, tenant="t1", stream="main", message=1, number=number, site=site, hit=hit,
                source=source,
            )
        )  # fmt: skip
        return made

    def delivered(self, *numbers: int, site: str = "google") -> Log:
        for number in numbers:
            self.add("delivered", number, site=site)
        return self


def test_people_are_counted_by_provider():
    log = Log().delivered(1, 2, 3).delivered(4, site="orange")
    log.add("opened", 1, hit=Hit("human"))
    log.add("opened", 1, hit=Hit("human"))
    log.add("clicked", 1, hit=Hit("human"))
    log.add("opened", 2, hit=Hit("image_proxy"))
    log.add("clicked", 4, hit=Hit("human"))
    assert strata(log.events) == [
        Stratum(provider="google", delivered=3, opened=2, clicked=1, both=1, clickers=1),
        Stratum(provider="orange", delivered=1, clicked=1, clickers=1),
    ]


def test_whoever_is_behind_a_prefetcher_is_hidden_whatever_else_was_seen():
    log = Log().delivered(1, 2)
    log.add("opened", 1, hit=Hit("proxy_prefetch"))
    log.add("opened", 1, hit=Hit("human"))
    log.add("clicked", 1, hit=Hit("human"))
    log.add("opened", 2, hit=Hit("image_proxy", ("image_proxy", "prefetch_suspected")))
    assert strata(log.events) == [Stratum(provider="google", delivered=2, hidden=2, clickers=1)]


def test_machines_count_for_nothing_and_what_nobody_knows_apart():
    log = Log().delivered(1, 2)
    log.add("opened", 1, hit=Hit("scanner"))
    log.add("clicked", 1, hit=Hit("scanner"))
    log.add("clicked", 2, hit=Hit("unknown"))
    assert strata(log.events) == [Stratum(provider="google", delivered=2, unsure=1)]


def test_a_correction_counts_instead_of_what_it_corrects():
    log = Log().delivered(1)
    wrong = log.add("clicked", 1, hit=Hit("human", first=True))
    log.add("clicked", 1, hit=Hit("scanner", first=True, was="human"), source=ids.show(wrong))
    assert strata(log.events) == [Stratum(provider="google", delivered=1)]


def test_who_was_not_delivered_to_and_hits_of_nobody_are_left_out():
    log = Log()
    log.add("opened", 1, hit=Hit("human"))
    log.add("clicked", 0, hit=Hit("human", mode="aggregate"))
    assert strata(log.events) == []
