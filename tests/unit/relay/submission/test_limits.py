from __future__ import annotations

import pytest

from estafette.base.errors import Refusal
from estafette.relay.submission.limits import SessionLimits, Usage


def test_connections_are_counted_in_and_out():
    usage = Usage(SessionLimits(connections=3, connections_per_client=2))
    assert [usage.connect("a"), usage.connect("a"), usage.connect("a"), usage.connect("b"), usage.connect("c")] == [
        True,
        True,
        False,
        True,
        False,
    ]
    usage.disconnect("a")
    assert usage.connect("c")


def test_messages_per_credential_and_in_all():
    usage = Usage(SessionLimits(messages_per_credential=1, pending=2))
    usage.begin("x")
    with pytest.raises(Refusal, match=r"452 4\.3\.2"):
        usage.begin("x")
    usage.begin("y")
    assert usage.overloaded
    with pytest.raises(Refusal, match="too busy"):
        usage.begin("z")
    usage.end("x")
    usage.begin("x")


def test_what_an_address_wasted_is_forgiven_little_by_little_and_a_customer_network_counts_as_one():
    usage = Usage(SessionLimits(wasted=10))
    usage.waste("2001:db8:1:2::1", 6, 0.0)
    usage.waste("2001:db8:1:2::2", 6, 0.0)
    assert usage.tired_of("2001:db8:1:2::3", 0.0)
    assert not usage.tired_of("2001:db8:1:3::1", 0.0)
    assert not usage.tired_of("2001:db8:1:2::1", 130.0)
    usage.waste("2001:db8:1:2::1", 3, 130.0)
    assert usage.tired_of("2001:db8:1:2::1", 130.0)
