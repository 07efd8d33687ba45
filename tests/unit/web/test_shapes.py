"""What a rule says about the mail that it keeps."""

import pytest
from tests.contract.kit import START, submission

from estafette.model.rule import SUSPENSION, Filter, Rule
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


@pytest.mark.parametrize("other", [{"stream": "bulk"}, {"credential": "c1"}, {"tenant": "t2"}])
def test_a_rule_of_other_mail_keeps_nothing(other):
    waiting, _ = said(filter=Filter(**other))
    assert waiting["rule"] == "lane"
