from __future__ import annotations

import pytest

from estafette.base.errors import Refusal
from estafette.relay.submission.lockout import FREE_TRIES, LONGEST_DELAY, LONGEST_LOCK, Lockout


def test_delays_grow_and_an_address_locks():
    lockout = Lockout()
    delays = [lockout.failed("192.0.2.1", f"user{n}", 100.0) for n in range(FREE_TRIES)]
    assert delays == sorted(delays)
    assert delays[0] >= 1.0
    assert delays[-1] == LONGEST_DELAY
    with pytest.raises(Refusal) as caught:
        lockout.check("192.0.2.1", "anyone", 101.0)
    assert (caught.value.code, caught.value.enhanced) == (454, "4.7.0")
    lockout.check("192.0.2.2", "user1", 101.0)
    lockout.check("192.0.2.1", "anyone", 101.0 + LONGEST_LOCK)


def test_an_account_locks_over_many_addresses():
    lockout = Lockout()
    for n in range(FREE_TRIES * 10):
        lockout.failed(f"192.0.2.{n}", "Alice", 0.0)
    with pytest.raises(Refusal):
        lockout.check("198.51.100.1", "alice", 1.0)


def test_one_v6_network_is_one_client_and_success_forgives():
    lockout = Lockout()
    for n in range(FREE_TRIES):
        lockout.failed(f"2001:db8:1:2:{n}::1", f"u{n}", 0.0)
    with pytest.raises(Refusal):
        lockout.check("2001:db8:1:2:ffff::9", "x", 1.0)
    lockout.succeeded("2001:db8:1:2::1", "x")
    lockout.check("2001:db8:1:2:ffff::9", "x", 1.0)
