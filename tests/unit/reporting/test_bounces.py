from __future__ import annotations

from typing import get_args

import pytest

from estafette.model.event import Event, Reply
from estafette.reporting.bounces import BounceClass, bounce_class
from estafette.smtp.classification import vocabulary


@pytest.mark.parametrize(
    ("enhanced", "reason", "found"),
    [
        ("5.1.1", "rcpt_refused", "hard"), ("5.1.10", "null_mx", "hard"), ("5.2.1", "", "hard"),
        ("5.2.2", "rcpt_refused", "soft"), ("5.3.4", "mail_refused", "soft"), ("5.4.7", "", "soft"),
        ("5.4.4", "host_without_address", "hard"), ("5.7.26", "dot_refused", "block"), ("5.1.8", "", "block"),
        ("5.0.0", "dot_refused", "block"), ("5.0.0", "rcpt_refused", "other"), ("", "rcpt_refused", "other"), ("", "no_such_domain", "hard"),
        ("nonsense", "host_takes_no_mail", "hard"), ("5.1.99", "", "other"),
    ],
)  # fmt: skip
def test_the_class_follows_from_reason_and_reply(enhanced, reason, found):
    reply = Reply(550, enhanced, "no") if enhanced else None
    event = Event(1, 1.0, "bounced", "t", "s", 1, reply=reply, reason=reason)
    assert bounce_class(event) == found


def test_the_category_that_an_event_carries_counts():
    event = Event(1, 1.0, "bounced", "t", "s", 1, reply=Reply(550, "5.1.1", "no"), category="spam_content")
    assert bounce_class(event) == "block"


@pytest.mark.parametrize("category", vocabulary())
def test_every_category_has_a_class(category):
    assert bounce_class(Event(1, 1.0, "bounced", "t", "s", 1, category=category)) in get_args(BounceClass)
