"""The policy that is shipped says what the documentation says, and nothing that could suppress for a site's trouble."""

from __future__ import annotations

import msgspec
import pytest

from estafette.model.event import SIMULATED, Event, Reply
from estafette.suppression.policy import load


def test_only_what_is_said_of_recipients_or_their_domain_counts():
    policy = load()
    assert {scope for rule in policy.rule for scope in rule.scopes} <= {"recipient", "domain"}
    named = [category for rule in policy.rule for category in rule.categories]
    assert len(named) == len(set(named))
    assert all(scope == "domain" for _, scope in policy.local.values())


def test_every_rule_can_be_met_and_none_by_one_soft_bounce():
    for rule in load().rule:
        assert rule.spread_days < rule.within_days
        if rule.bounces > 1:
            assert not rule.met({100: 1})
            assert rule.met({100: rule.bounces - 1, 100 + max(1, rule.spread_days): 1})
            assert not rule.met({100: rule.bounces - 1, 100 + rule.within_days: 1})


def test_the_order_of_reasons():
    rank = load().order.rank
    reasons = ["erased", "complained", "unsubscribed", "manual", "bounced", "soft_bounced"]
    assert sorted(reasons, key=rank) == reasons
    assert rank("manual") == rank("anything") < rank("bounced")


@pytest.mark.parametrize(
    ("reply", "category", "name"),
    [
        (Reply(550, "5.1.1"), "invalid_recipient", "hard"), (Reply(450, "4.1.1"), "invalid_recipient", None),
        (Reply(0, "4.1.1"), "invalid_recipient", None), (Reply(0, "5.1.1"), "invalid_recipient", "hard"),
        (None, "invalid_recipient", "hard"), (Reply(450, "4.2.1"), "mailbox_disabled", None),
        (Reply(452, "4.2.2"), "mailbox_full", "full"),
    ],
)  # fmt: skip
def test_a_temporary_reply_never_says_that_an_address_is_no_use(reply, category, name):
    found = load().rule_for(Event(1, 1.0, "bounced", "t", "s", 1, reply=reply, category=category, scope="recipient"))
    assert (found.name if found else None) == name


def test_a_complaint_suppresses_at_once_unless_it_was_only_played():
    complaint = Event(1, 0.0, "complained", "t", "s", 7, 1, "a@b.test", reason="abuse")
    assert load().reason_at_once(complaint) == "complained"
    assert load().reason_at_once(msgspec.structs.replace(complaint, reason=SIMULATED)) == ""
