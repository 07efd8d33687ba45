"""The last word of the log on each hit, and who is counted as first."""

from typing import Literal

from estafette.base import ids
from estafette.model.event import Event
from estafette.model.tracking import Agent, Hit, RawHit
from estafette.tracking.evidence import Verdict
from estafette.tracking.said import RECLASSIFIED, firsts, said

START = 1_800_000_000.0


def event(
    number: int, agent: Agent, *, first: bool = False, kind: str = "clicked", was: str = "", of: int = 0
) -> Event:
    return Event(
        id=number, at=START, kind=kind, tenant="t1", stream="main", message=1, number=1,
        reason=RECLASSIFIED if was else "", source=ids.show(of) if of else "", hit=Hit(agent, first=first, was=was),
    )  # fmt: skip


def hit(number: int, at: float = START, who: int = 1, kind: Literal["opened", "clicked"] = "clicked") -> RawHit:
    return RawHit(number, at, kind, "t1", "main", 1, who, 1)


HUMAN, SCANNER = Verdict(agent="human"), Verdict(agent="scanner")


def test_a_correction_replaces_the_word_on_its_hit():
    words = said([event(5, "human", first=True), event(9, "scanner", first=True, was="human", of=5)])
    assert {place: (word.agent, word.first) for place, word in words.items()} == {5: ("scanner", False)}


def test_a_correction_that_says_nothing_of_first_leaves_it():
    words = said([event(5, "human", first=True), event(9, "image_proxy", was="human", of=5, kind="opened")])
    assert words[5].first


def test_a_hit_may_become_first_without_changing_its_class():
    words = said([event(5, "human"), event(9, "human", first=True, was="human", of=5)])
    assert words[5].first


def test_events_without_hits_and_of_nobody_are_passed_over():
    other = Event(id=3, at=START, kind="delivered", tenant="t1", stream="main", message=1)
    nobody = Event(
        id=4, at=START, kind="clicked", tenant="t1", stream="main", message=0, hit=Hit("human", mode="aggregate")
    )
    assert said([other, nobody]) == {}


def test_the_earliest_of_a_person_is_first_for_each_recipient_and_kind():
    hits = [hit(1, START + 9), hit(2), hit(3, START + 1), hit(4, kind="opened"), hit(5, who=2)]
    assert firsts(hits, [HUMAN, SCANNER, HUMAN, HUMAN, HUMAN], {}) == {3, 4, 5}


def test_one_that_was_counted_stays_although_an_earlier_one_comes_late():
    words = said([event(2, "human", first=True)])
    assert firsts([hit(1, START - 5), hit(2)], [HUMAN, HUMAN], words) == {2}


def test_one_that_is_no_person_any_more_makes_room():
    words = said([event(1, "human", first=True)])
    assert firsts([hit(1), hit(2, START + 5)], [SCANNER, HUMAN], words) == {2}


def test_one_that_is_no_longer_kept_still_counts():
    words = said([event(1, "human", first=True)])
    assert firsts([hit(2)], [HUMAN], words) == {1}
