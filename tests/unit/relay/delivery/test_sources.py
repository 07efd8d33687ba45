"""Our addresses: in turn, and away from a site that refused one of them."""

from estafette.config.schema import Egress, Source
from estafette.relay.delivery import resting
from estafette.relay.delivery.resting import Resting
from estafette.relay.delivery.sources import ANY, Sources

ONE, TWO, SIX = "192.0.2.1", "192.0.2.2", "2001:db8::1"
SITE, OTHER = "google", "yahoo"


def sources(*addresses):
    return Sources(Egress(source=[Source(address=address) for address in addresses]))


def test_addresses_take_turns():
    group = sources(ONE, TWO)
    assert [group.choose("203.0.113.9").address for _ in range(4)] == [ONE, TWO, ONE, TWO]


def test_a_group_without_addresses_leaves_the_choice_to_the_system():
    group = sources()
    assert group.choose("203.0.113.9") is ANY
    assert group.choose("2001:db8::9") is None
    assert not group.refused("192.0.2.77", SITE, "ip_blocklisted", 0.0)


def test_a_refused_address_rests_at_that_site_alone():
    group = sources(ONE, TWO)
    assert group.refused(ONE, SITE, "ip_blocklisted", 100.0)
    assert {group.choose("203.0.113.9", SITE, 100.0).address for _ in range(4)} == {TWO}
    assert {group.choose("203.0.113.9", OTHER, 100.0).address for _ in range(4)} == {ONE, TWO}


def test_a_rest_is_over_after_its_time():
    group = sources(ONE, TWO)
    group.refused(ONE, SITE, "ip_blocklisted", 100.0)
    assert group.rests(ONE, SITE, 7299.0)
    assert not group.rests(ONE, SITE, 7300.0)
    assert {group.choose("203.0.113.9", SITE, 7300.0).address for _ in range(4)} == {ONE, TWO}


def test_the_last_awake_address_is_never_put_to_rest():
    group = sources(ONE, TWO, SIX)
    assert group.refused(ONE, SITE, "reputation_block", 0.0)
    assert not group.refused(TWO, SITE, "reputation_block", 0.0), "the only other one rests; IPv6 reaches nobody here"
    assert group.choose("203.0.113.9", SITE, 1.0).address == TWO


def test_whoever_asks_while_all_rest_gets_the_one_that_wakes_first():
    group = sources(ONE, TWO)
    group._resting.rest(ONE, SITE, "ip_blocklisted", 0.0)
    group._resting.rest(TWO, SITE, "reputation_block", 0.0)
    assert group.choose("203.0.113.9", SITE, 1.0).address == TWO


def test_memory_of_rests_is_bounded(monkeypatch):
    monkeypatch.setattr(resting, "MOST", 10)
    kept = Resting()
    for number in range(100):
        kept.rest(ONE, f"site{number}", "reputation_block", number * 3600.0)
    assert len(kept._until) <= 11
    assert kept.until(ONE, "site99") > 99 * 3600.0
