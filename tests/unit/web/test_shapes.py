"""What a rule says about the mail that it keeps."""

import msgspec
import pytest
from tests.contract.kit import START, submission

from estafette.model.rule import PACE, SUSPENSION, Filter, Rule
from estafette.web import shapes

(ROW,) = submission(stream="news", credential="c2").deliveries


def said(**fields):
    rule = Rule(**{"id": 7, "kind": "hold", "filter": Filter(tenant="t1", stream="news"), **fields})
    return shapes.waiting(ROW, [rule], START), shapes.rule(rule)


def test_a_suspension_is_named_with_its_end_and_not_as_the_queues_own_hold():
    waiting, rule = said(by=f"{SUSPENSION}s1", until=START + 60, reason="burst")
    assert waiting["why"].startswith("held by the suspension s1")
    assert waiting["why"].endswith("the reason: burst")
    assert waiting["until"] == shapes.moment(START + 60)
    assert rule["filter"] == {"tenant": "t1", "stream": "news"}


def test_an_operators_hold_says_how_it_is_released_and_has_no_end():
    waiting, _ = said(by="root")
    assert "held by root, until: estafette queue release" in waiting["why"]
    assert waiting["until"] is None


def test_a_slowed_stream_says_how_fast_it_goes_by_which_rule_and_until_when():
    waiting, rule = said(
        kind="slow", by=f"{PACE}p1", reason="returns", rate=60.0, until=START + 60,
        filter=Filter(tenant="t1", stream="news", site="mx.test"),
    )  # fmt: skip
    assert (waiting["rule"], rule["per_hour"]) == ("lane", 60)
    waiting, _ = said(kind="slow", by=f"{PACE}p1", reason="returns", rate=60.0, until=START + 60)
    assert waiting["why"].startswith("the stream news is slowed to 60 recipients an hour by the rule returns")
    assert waiting["why"].endswith("estafette pace show p1 says why, and the way back")
    assert waiting["until"] == shapes.moment(START + 60)


def test_a_hold_and_the_next_try_are_told_before_a_slowing():
    slow = Rule(id=1, kind="slow", filter=Filter(tenant="t1", stream="news"), rate=60.0)
    hold = Rule(id=2, kind="hold", filter=Filter(tenant="t1"))
    assert shapes.waiting(ROW, [slow, hold], START)["rule"].startswith("hold ")
    late = msgspec.structs.replace(ROW, due=START + 60, attempts=1)
    assert shapes.waiting(late, [slow], START)["rule"] == "retry"


@pytest.mark.parametrize("other", [{"stream": "bulk"}, {"credential": "c1"}, {"tenant": "t2"}])
def test_a_rule_of_other_mail_keeps_nothing(other):
    waiting, _ = said(filter=Filter(**other))
    assert waiting["rule"] == "lane"
