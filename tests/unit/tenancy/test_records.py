"""Records in words: policies are counted and joined, values are spelled for whoever types them."""

from __future__ import annotations

import asyncio

import dns.zone
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.tenancy.test_rotation import Zone

from estafette.base.errors import Fault
from estafette.model.domain import DnsRecord
from estafette.net.authority import Seen
from estafette.tenancy import comparison, domains, spelling, spf, tenants
from estafette.tenancy.office import Office

TERM = "a:mx1.service.test"


def zone(**records: str | list[str]) -> Zone:
    made = Zone()
    for name, values in records.items():
        made.values[name.replace("__", "."), "TXT"] = [values] if isinstance(values, str) else values
    return made


async def spf_line(names: Zone) -> dict:
    record = DnsRecord("TXT", "acme.test", f"v=spf1 {TERM} ~all", "spf")
    return await comparison._line(record, await names.look("acme.test", "TXT"), names)


async def test_a_policy_with_ours_is_counted() -> None:
    names = zone(
        acme__test=f"v=spf1 include:one.test {TERM} mx ~all",
        one__test="v=spf1 a include:two.test -all",
        two__test="v=spf1 ip4:192.0.2.1 -all",
    )
    line = await spf_line(names)
    assert line["ok"]
    assert "5 of 10 look-ups" in str(line["words"])


async def test_too_many_look_ups_are_a_broken_policy() -> None:
    inner = " ".join(f"include:i{number}.test" for number in range(10))
    names = zone(
        acme__test=f"v=spf1 {inner} {TERM} ~all", **{f"i{number}__test": "v=spf1 -all" for number in range(10)}
    )
    line = await spf_line(names)
    assert not line["ok"]
    assert "TOO MANY" in str(line["words"])
    assert "11 of 10" in str(line["words"])


async def test_a_policy_without_ours_is_shown_with_it() -> None:
    line = await spf_line(zone(acme__test="v=spf1 mx -all"))
    assert (line["state"], line["ok"]) == ("different", False)
    assert f"v=spf1 mx {TERM} -all" in str(line["words"])


@pytest.mark.parametrize(("values", "words"), [([], "no SPF policy"), (["v=spf1 -all", "v=spf1 ~all"], "two SPF")])
async def test_none_and_two_are_told_apart(values: list[str], words: str) -> None:
    assert words in str((await spf_line(zone(acme__test=values)))["words"])


async def test_loops_of_includes_end() -> None:
    names = zone(acme__test=f"v=spf1 include:acme.test {TERM} -all")
    assert "TOO MANY" in str((await spf_line(names))["words"])


@given(st.text(max_size=300))
def test_any_text_is_joined_without_losing_a_term(text: str) -> None:
    terms = text.split()
    joined = spf.joined(" ".join(["v=spf1", *terms]), TERM).split()
    assert sorted(joined) == sorted(["v=spf1", *terms, TERM])


async def test_a_policy_above_counts_for_dmarc() -> None:
    record = DnsRecord("TXT", "_dmarc.mail.acme.test", "v=DMARC1; p=none", "dmarc")
    names = zone(_dmarc__acme__test="v=DMARC1; p=reject; rua=mailto:x@acme.test")
    line = await comparison._line(record, await names.look(record.name, "TXT"), names)
    assert (line["ok"], line["words"]) == (True, "p=reject at acme.test")


def test_every_host_spells_every_record(office: Office) -> None:
    tenants.create(office, "Acme")
    domains.add(office, "Acme", "acme.test")
    for name in spelling.hosts():
        answer = domains.spelled(office, "acme.test", name)
        lines = answer["records"]
        assert isinstance(lines, list)
        assert all(line["value"] and line["type"] in {"TXT", "MX"} for line in lines)
    with pytest.raises(Fault, match="no DNS host"):
        domains.spelled(office, "acme.test", "nowhere")


def test_forms_differ_as_they_do() -> None:
    key = DnsRecord("TXT", "s._domainkey.acme.test", "v=DKIM1; p=" + "A" * 400, "dkim")
    apex = DnsRecord("TXT", "acme.test", "v=spf1 -all", "spf")
    mx = DnsRecord("MX", "in.acme.test", "10 mx1.service.test.", "inbound")
    typed = {
        name: [spelling.spell(each, "acme.test", spelling.host(name)) for each in (key, apex, mx)]
        for name in spelling.hosts()
    }
    assert [each.name for each in typed["cloudflare"]] == ["s._domainkey", "@", "in"]
    assert [each.name for each in typed["bind"]] == ["s._domainkey.acme.test.", "acme.test.", "in.acme.test."]
    assert [each.name for each in typed["cpanel"]] == ["s._domainkey.acme.test", "acme.test", "in.acme.test"]
    assert typed["route53"][0].value.count('" "') == 1
    assert (typed["route53"][2].value, typed["route53"][2].priority) == ("10 mx1.service.test", "")
    assert (typed["ovh"][2].value, typed["ovh"][2].priority) == ("mx1.service.test.", "10")
    assert typed["cloudflare"][0].value == key.value


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=900))
def test_a_zone_file_gives_the_value_back(value: str) -> None:
    text = spelling.snippet([DnsRecord("TXT", "x.acme.test", value, "dkim")])
    read = dns.zone.from_text("$ORIGIN acme.test.\n@ 1 SOA ns r 1 1 1 1 1\n@ 1 NS ns\nns 1 A 192.0.2.1\n" + text)
    (record,) = read.get_rdataset("x", "TXT")
    assert b"".join(record.strings).decode() == value


async def test_the_records_are_looked_up_together(office: Office) -> None:
    tenants.create(office, "Acme")
    domains.add(office, "Acme", "acme.test")
    printed = domains.show(office, "acme.test")
    lines = printed["records"]
    assert isinstance(lines, list)
    all_asked = asyncio.Barrier(len(lines))

    class Slow(Zone):
        async def look(self, name: str, kind: str) -> Seen:
            if (name, kind) in wanted:
                wanted.remove((name, kind))
                await all_asked.wait()
            return await super().look(name, kind)

    names, wanted = Slow(), [(line["name"], line["type"]) for line in lines]
    names.publish(printed)
    async with asyncio.timeout(20):
        checked = await comparison.compare(printed, names)
    assert checked["zone"] == "acme.test"
    compared = checked["records"]
    assert isinstance(compared, list)
    assert [(line["purpose"], line["ok"]) for line in compared] == [(line["purpose"], True) for line in lines]


@pytest.mark.parametrize(
    ("rua", "said"),
    [
        ("", "nobody gets its reports"), ("; rua=mailto:x@acme.test", "add mailto:dmarc@bounces.test to rua"),
        ("; rua=mailto:x@acme.test, mailto:DMARC@bounces.test!10m", ""), ("; rua=mailto:dmarc@bounces.test.evil.test", "add mailto:"),
    ],
)  # fmt: skip
async def test_a_policy_says_whether_its_reports_come_here(rua: str, said: str) -> None:
    record = DnsRecord("TXT", "_dmarc.acme.test", "v=DMARC1; p=none; rua=mailto:dmarc@bounces.test", "dmarc")
    names = zone(_dmarc__acme__test=f"v=DMARC1; p=reject{rua}")
    line = await comparison._line(record, await names.look(record.name, "TXT"), names)
    assert line["ok"]
    assert said in str(line["words"])
    assert ("reports" in str(line["words"])) == bool(said)


async def test_every_domain_reports_to_an_address_that_is_read_here(office: Office) -> None:
    tenants.create(office, "acme")
    added = domains.add(office, "acme", "acme.test")
    (policy,) = [each["value"] for each in added["records"] if each["purpose"] == "dmarc"]
    assert policy == "v=DMARC1; p=none; rua=mailto:dmarc@bounces.service.test"
