"""Whom a campaign has reached: what the log says, and what it cannot say yet."""

from types import SimpleNamespace

import pytest

from estafette.base.errors import Refusal
from estafette.relay.submission.reach import LAG, MOST, Reach


class Log:
    def __init__(self, *known):
        self.known = set(known)

    async def reached(self, tenant, campaign, recipients):
        return {each for each in recipients if (tenant, campaign, each) in self.known}


class Clock(SimpleNamespace):
    def monotonic(self):
        return self.at


@pytest.fixture
def reach():
    return Reach(Log(("t", "spring", "old@x.example")), Clock(at=0.0))


async def test_the_log_and_the_last_minute_count(reach):
    reach.note("t", "spring", ["new@x.example"])
    asked = ["old@x.example", "new@x.example", "other@x.example"]
    assert await reach.known("t", "spring", asked) == {"old@x.example", "new@x.example"}
    assert await reach.known("t", "autumn", asked) == set()
    assert await reach.known("u", "spring", asked) == set()
    reach._clock.at = LAG + 1
    assert await reach.known("t", "spring", asked) == {"old@x.example"}


async def test_a_message_that_was_not_kept_reached_nobody(reach):
    async def fail():
        async with reach.claim("t", "spring", ["a@x.example"]):
            assert await reach.known("t", "spring", ["a@x.example"])
            raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        await fail()
    async with reach.claim("t", "spring", ["a@x.example"]):
        pass
    assert await reach.known("t", "spring", ["a@x.example"])


@pytest.mark.parametrize(
    ("campaign", "rule"), [("spring", "duplicate_in_campaign"), ("", "deduplicate_without_campaign")]
)
async def test_a_message_for_somebody_who_has_it_is_refused(reach, campaign, rule):
    with pytest.raises(Refusal) as caught:
        async with reach.claim("t", campaign, ["a@x.example", "old@x.example"]):
            pass
    assert caught.value.rule == rule
    assert await reach.known("t", campaign, ["a@x.example"]) == set()


async def test_memory_is_bounded_and_old_names_go(reach):
    reach.note("t", "spring", (f"u{number}@x.example" for number in range(MOST + 10)))
    assert len(reach._lately) == MOST
    reach._clock.at = LAG + 1
    reach.note("t", "spring", ["last@x.example"])
    assert len(reach._lately) == 1
