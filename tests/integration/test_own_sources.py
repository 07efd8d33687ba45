"""Our own addresses on lists and in the DNS, asked of a real DNS server (NSD) with planted zones."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from tests.prepared import control_in
from tests.servers.dns import DnsServer

from estafette.base.clock import Clock
from estafette.cli.checks.sources import check_sources
from estafette.config.schema import Settings
from estafette.net import blocklists
from estafette.net.blocklists import question
from estafette.net.naming import naming
from estafette.net.resolver import Resolver
from estafette.runtime import source_watch
from estafette.store.interface.page import FIRST
from estafette.testing.clock import ManualClock

#: Addresses of nobody here: nothing is sent to them, they are only looked up.
FOUR, SIX, LIST = "5.6.7.8", "2a00:1:2::9", "bl.test"
SHEET = """
[[list]]
name = "Testlist"
zone = "bl.test"
ipv6 = true
errors = ["127.255.255."]
removal = "https://bl.test/remove"
origin = "this test"
[list.meanings]
"127.0.0.2" = "a source of spam"
"127.0.0.4" = "a stolen machine"
"""


@pytest.fixture
def dns(tmp_path):
    with DnsServer(tmp_path / "dns") as server:
        yield server


@pytest.fixture
def sheet(tmp_path):
    file = tmp_path / "lists.toml"
    file.write_text(SHEET)
    return str(file)


def plant(dns, *entries):
    """Let the list answer its test entry, and what is given."""
    dns.add([("2.0.0.127.bl.test", "A", "127.0.0.2"), *entries])


async def ask(dns, sheet, address=FOUR):
    (found,) = await blocklists.ask(Resolver([dns.at]), blocklists.load(sheet), address)
    return found.state, found.said


def test_an_address_is_looked_up_in_reverse():
    assert question(FOUR, LIST) == "8.7.6.5.bl.test"
    nibbles = "9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.1.0.0.0.0.0.a.2"
    assert question(SIX, LIST) == f"{nibbles}.bl.test"


async def test_what_a_list_says_of_an_address(dns, sheet):
    assert (await ask(dns, sheet))[0] == "unknown", "a list without its test entry is not believed"
    plant(dns)
    assert await ask(dns, sheet) == ("clear", "")
    dns.add([("8.7.6.5.bl.test", "A", "127.0.0.4"), ("8.7.6.5.bl.test", "A", "127.0.0.2")])
    state, said = await ask(dns, sheet)
    assert (state, sorted(said.split(", "))) == ("listed", ["a source of spam", "a stolen machine"])
    dns.add([(question(SIX, LIST), "A", "127.0.0.4")])
    assert await ask(dns, sheet, SIX) == ("listed", "a stolen machine")


@pytest.mark.parametrize(
    ("entry", "value", "said"),
    [
        ("8.7.6.5.bl.test", "127.255.255.254", "refuses this resolver"),
        ("8.7.6.5.bl.test", "127.0.0.99", "has no meaning"),
        ("8.7.6.5.bl.test", "203.0.113.7", "has no meaning"),
        ("1.0.0.127.bl.test", "127.0.0.2", "given up"),
    ],
)
async def test_an_answer_that_is_not_about_us_never_counts_as_listed(dns, sheet, entry, value, said):
    plant(dns, (entry, "A", value))
    state, why = await ask(dns, sheet)
    assert state == "unknown"
    assert said in why


async def test_a_list_that_was_given_up_and_lists_the_world_is_not_believed(dns, sheet):
    dns.add([("*.bl.test", "A", "127.0.0.2")])
    assert (await ask(dns, sheet))[0] == "unknown"


async def test_a_resolver_that_does_not_answer_tells_nothing(sheet):
    resolver = Resolver([("127.0.0.1", 9)], lifetime=0.5)
    (found,) = await blocklists.ask(resolver, blocklists.load(sheet), FOUR)
    assert found.state == "unknown"
    assert (await naming(resolver, FOUR, "mx.test")).state == "unknown"


async def test_a_name_counts_only_both_ways(dns):
    reverse, mx = ip_address(FOUR).reverse_pointer, "mx1.test"

    async def state():
        found = await naming(Resolver([dns.at]), FOUR, mx)
        return found.state, found.cause

    assert await state() == ("wrong", f"{FOUR} has no name (PTR)")
    dns.add([(reverse, "PTR", "other.test.")])
    assert await state() == ("wrong", f"{FOUR} is named other.test, and greets as {mx}")
    dns.add([(reverse, "PTR", f"{mx.upper()}.")])
    assert (await state())[1].endswith(f"has not the address {FOUR}")
    dns.add([(mx, "A", FOUR)])
    assert (await state())[0] == "good"


class Unit:
    """As much of a process as the watch looks at."""

    def __init__(self, folder, settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.store = self
        self.directory = self
        self.folder = folder
        self.control = control_in(folder / "control")
        self.keyring = None


def settings(dns, sheet, **more):
    egress = {"default": {"source": [{"address": FOUR, "helo": "mx1.test"}]}}
    fields = {"dns": {"servers": [f"{dns.at[0]}:{dns.at[1]}"]}, "reputation": {"blocklists": sheet}, "egress": egress}
    return Settings.model_validate({**fields, **more})


async def test_a_change_is_told_once_with_the_page_that_takes_it_out(dns, sheet, tmp_path):
    plant(dns)
    dns.add([(ip_address(FOUR).reverse_pointer, "PTR", "mx1.test."), ("mx1.test", "A", FOUR)])
    unit = Unit(tmp_path, settings(dns, sheet), ManualClock(1e9))

    async def look():
        await source_watch.look(unit, Resolver([dns.at]))
        return [each.subject for each in unit.control.tickets.page(FIRST, tenant="").items]

    assert await look() == []
    dns.add([("8.7.6.5.bl.test", "A", "127.0.0.4")])
    (subject,) = await look()
    assert f"{FOUR} is listed by Testlist" in subject
    (ticket,) = unit.control.tickets.page(FIRST, tenant="").items
    assert "https://bl.test/remove" in ticket.text
    assert "contient notre adresse source" in ticket.text
    assert await look() == [subject]
    dns.remove("2.0.0.127.bl.test")
    assert await look() == [subject], "where nobody can tell, nothing is said"
    dns.remove("8.7.6.5.bl.test")
    plant(dns)
    assert len(await look()) == 2
    dns.remove("mx1.test")
    assert len(await look()) == 3
    actions = [each.action for each in unit.control.audit() if each.action.startswith("source")]
    assert actions == ["source.unnamed", "source.clear", "source.listed"]
    unit.control.close()


async def test_doctor_says_it_too(dns, sheet, tmp_path):
    plant(dns, ("8.7.6.5.bl.test", "A", "127.0.0.4"))
    found = await check_sources(settings(dns, sheet))
    assert [(each.check, each.state) for each in found] == [("source", "warning"), ("blocklist", "warning")]
    assert "https://bl.test/remove" in found[1].fix
    dns.remove("2.0.0.127.bl.test")
    assert "cannot tell: Testlist" in (await check_sources(settings(dns, sheet)))[1].cause
    assert await check_sources(settings(dns, sheet, delivery={"transport": "capture"})) == []


async def test_addresses_that_nobody_else_sees_are_asked_nothing(dns, sheet):
    private = {"default": {"source": [{"address": "10.0.0.7"}]}}
    assert await source_watch.views(Resolver([dns.at]), settings(dns, sheet, egress=private)) == []
    smart = {"default": {"smarthost": "smtp://x@relay.test:587"}}
    assert await source_watch.addresses(Resolver([dns.at]), settings(dns, sheet, egress=smart)) == {}


async def test_without_a_source_the_address_of_the_host_name_is_meant(dns, sheet):
    dns.add([("mx9.test", "A", FOUR)])
    asked = settings(dns, sheet, egress={}, service={"hostname": "mx9.test"})
    found = await source_watch.addresses(Resolver([dns.at]), asked)
    assert set(found.values()) == {"mx9.test"}


def test_the_shipped_lists_can_be_read():
    lists = blocklists.load()
    assert {each.zone for each in lists} >= {"zen.spamhaus.org", "bl.spamcop.net"}
    assert all(each.removal.startswith("https://") and each.meanings and each.origin for each in lists)
    assert all("127.255.255." in each.errors for each in lists)
