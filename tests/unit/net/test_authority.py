"""Name servers are asked themselves: real ones, that agree, differ, are silent or split their strings."""

import pytest
from tests.servers.dns import DnsServer

from estafette.net.authority import Authority

LOOPBACK = ["127.0.0.0/8"]
KEY = "v=DKIM1; k=rsa; p=" + "A" * 392


def authority(dns, **more):
    return Authority([dns.at], **({"allow": LOOPBACK, "port": dns.at[1]} | more))


async def test_a_split_record_is_one_value(dns):
    dns.add([("s._domainkey.a.test", "TXT", KEY)])
    seen = await authority(dns).look("s._domainkey.a.test", "TXT")
    assert (seen.values, seen.asked, seen.lacking, seen.silent) == ((KEY,), ("ns",), (), ())


async def test_what_is_not_there_is_known_not_to_be(dns):
    seen = await authority(dns).look("_estafette.a.test", "TXT")
    assert (seen.values, seen.known, seen.asked) == ((), True, ("ns",))


async def test_no_cache_stands_between(dns):
    asked = authority(dns)
    assert (await asked.look("a.test", "TXT")).values == ()
    dns.add([("a.test", "TXT", "v=spf1 -all")])
    assert (await asked.look("a.test", "TXT")).values == ("v=spf1 -all",)


async def test_mail_exchangers_and_aliases_read_as_in_a_zone_file(dns):
    dns.add([("a.test", "MX", "10 mx.a.test."), ("t.a.test", "CNAME", "t.label.dns.test.")])
    assert (await authority(dns).look("a.test", "MX")).values == ("10 mx.a.test.",)
    assert (await authority(dns).look("t.a.test", "CNAME")).values == ("t.label.dns.test.",)


async def test_the_text_behind_an_alias_is_found(dns):
    dns.add([("s._domainkey.a.test", "CNAME", "s.label.dns.test."), ("s.label.dns.test", "TXT", KEY)])
    assert (await authority(dns).look("s._domainkey.a.test", "TXT")).values == (KEY,)


async def test_a_server_that_lacks_the_record_is_named(root, dns, folder):
    with DnsServer(folder / "second") as second:
        dns.add([(".", "NS", "ns2."), ("ns2", "A", second.at[0]), ("a.test", "TXT", "new")])
        second.add([("a.test", "TXT", "old")])
        seen = await authority(dns).look("a.test", "TXT")
        assert sorted(seen.values) == ["new", "old"]
        assert seen.asked == ("ns", "ns2")
        assert seen.lacking == ("ns", "ns2")


async def test_a_silent_server_is_named(root, dns):
    dns.add([(".", "NS", "ns2."), ("ns2", "A", "127.99.99.99"), ("a.test", "TXT", "here")])
    seen = await authority(dns).look("a.test", "TXT")
    assert (seen.values, seen.asked, seen.silent) == (("here",), ("ns",), ("ns2",))


@pytest.mark.parametrize("allow", [[], ["10.0.0.0/8"]])
async def test_a_zone_does_not_send_us_to_inner_addresses(dns, allow):
    dns.add([("a.test", "TXT", "here")])
    seen = await authority(dns, allow=allow).look("a.test", "TXT")
    assert (seen.asked, seen.values) == ((), ("here",))


async def test_nobody_to_ask_is_not_an_absence():
    seen = await Authority([("127.0.0.1", 1)], lifetime=1.0).look("a.test", "TXT")
    assert (seen.known, seen.values) == (False, ())
