"""What the event of an end says of its meaning."""

import pytest

from estafette.base.ids import Mint
from estafette.model.event import Reply, unpack
from estafette.model.message import Content, Delivery
from estafette.model.outcome import Outcome
from estafette.relay.ending import settlement, suppressed
from estafette.relay.scheduling.retry import Decision

ROW = Delivery(
    message=7, number=1, tenant="t", stream="s", priority=0, lane="d.test", domain="d.test", address="u@d.test",
    egress="default", due=0.0, born=0.0, expires=9e9, size=100, from_domain="a.test",
)  # fmt: skip
NOW = 1_800_000_000.0
FULL = ("mailbox_full", "recipient", "google.over_quota@1")


def event(outcome, *, expired=False):
    decision = Decision(ROW, outcome, "done", expired=expired)
    return unpack(settlement(decision, None, 1_800_000_000.0, Mint(lambda: 1_800_000_000.0)).event)


def outcome(category, scope, rule, verdict="deferred"):
    return Outcome(
        message=7, number=1, verdict=verdict, reply=Reply(450, "4.2.2", "no"), category=category, scope=scope, rule=rule
    )


def meaning(found):
    return found.category, found.scope, found.rule


def test_an_event_says_what_the_reply_meant():
    assert meaning(event(outcome(*FULL, verdict="bounced"))) == FULL


def test_what_expires_keeps_the_meaning_of_its_last_reply():
    found = event(outcome(*FULL), expired=True)
    assert (found.kind, found.reason) == ("failed", "expired")
    assert meaning(found) == FULL


@pytest.mark.parametrize("category", ["invalid_recipient", "mailbox_disabled", "invalid_domain", ""])
def test_what_was_said_for_the_time_being_suppresses_nobody_in_the_end(category):
    assert meaning(event(outcome(category, "recipient", "x@1"), expired=True)) == ("expired", "message", "")


def test_a_simulated_complaint_follows_the_delivery_with_its_labels():
    taken = Outcome(
        message=7, number=1, verdict="delivered", reply=Reply(250, "2.0.0", "ok"), reason="simulated_complaint",
        site="capture", phase="dot",
    )  # fmt: skip
    content = Content(
        7, "t", "s", "bulk", "c", "a@a.test", "a.test", 100, 0.0, campaign="spring", tags=("a",), topic="news"
    )
    ended = settlement(Decision(ROW, taken, "done"), content, NOW, Mint(lambda: NOW))
    delivered, (complained,) = unpack(ended.event), map(unpack, ended.also)
    assert (complained.kind, complained.reason, complained.source) == ("complained", "simulated", "capture")
    assert complained.id != delivered.id
    for label in (
        "message",
        "number",
        "recipient",
        "tenant",
        "stream",
        "campaign",
        "tags",
        "topic",
        "from_domain",
        "site",
    ):
        assert getattr(complained, label) == getattr(delivered, label), label
    assert settlement(Decision(ROW, outcome(*FULL), "defer"), content, NOW, Mint(lambda: NOW)).also == ()


def test_a_suppressed_recipient_is_the_tenants_own_list():
    assert meaning(event(suppressed(ROW, "bounced"))) == ("suppressed", "tenant", "")
