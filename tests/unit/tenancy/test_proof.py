"""Domains are proved by the DNS, move by the DNS, and are not lost by a slip of it."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.tenancy.test_rotation import Zone, later

from estafette.base.errors import Fault
from estafette.net.authority import Seen
from estafette.tenancy import audit, domains, letters, proof, rechecks, tenants
from estafette.tenancy.office import Office
from estafette.tenancy.published import Silent


@pytest.fixture
def two(office: Office) -> Office:
    for name in ("Acme", "Other"):
        tenants.create(office, name)
        tenants.update(office, name, alert_to=f"boss@{name.lower()}.example")
    return office


async def proved(office: Office, tenant: str, zone: Zone) -> dict:
    zone.publish(domains.add(office, tenant, "shared.test"), "ownership", "dkim")
    return proof.conclude(office, await proof.check(office, "shared.test", zone, tenant=tenant), tenant=tenant)


def told(office: Office) -> list[tuple[str, str]]:
    return [(each.address, letters.read(office.keyring, each).subject) for each in office.control.people.letters(10)]


def status(office: Office, tenant: str) -> str:
    return str(domains.show(office, "shared.test", tenant=tenant)["status"])


async def test_proof_moves_a_domain_and_tells_who_had_it(two: Office) -> None:
    zone = Zone()
    await proved(two, "Acme", zone)
    token = two.control.domains(tenant=two.tenant("Acme").id)[0].token
    await proved(two, "Other", zone)
    assert (status(two, "Acme"), status(two, "Other")) == ("pending", "verified")
    ((reader, subject),) = told(two)
    assert (reader, subject.partition(" / ")[0]) == (
        "boss@acme.example", "shared.test was proved by another account",
    )  # fmt: skip
    acts = {each["action"]: each["tenant"] for each in audit.list_all(two)["items"]}
    assert acts["domain.claim"] == two.tenant("Other").id
    assert acts["domain.lost"] == two.tenant("Acme").id
    assert two.control.domains(tenant=two.tenant("Acme").id)[0].token != token


async def test_whoever_lost_it_does_not_take_it_back_with_the_record_that_was_left(two: Office) -> None:
    zone = Zone()
    await proved(two, "Acme", zone)
    await proved(two, "Other", zone)
    with pytest.raises(Fault, match="not found"):
        proof.conclude(two, await proof.check(two, "shared.test", zone, tenant="Acme"), tenant="Acme")
    assert status(two, "Other") == "verified"


async def test_an_old_token_takes_nothing_a_renewed_one_does(two: Office) -> None:
    zone = Zone()
    zone.publish(domains.add(two, "Other", "shared.test"), "ownership")
    await proved(two, "Acme", zone)
    after = later(two, 8)
    with pytest.raises(Fault, match="older than 7 days"):
        proof.conclude(after, await proof.check(after, "shared.test", zone, tenant="Other"), tenant="Other")
    zone.publish(proof.renew(after, "shared.test", tenant="Other"), "ownership")
    proof.conclude(after, await proof.check(after, "shared.test", zone, tenant="Other"), tenant="Other")
    assert (status(two, "Acme"), status(two, "Other")) == ("pending", "verified")


async def test_nobodys_word_moves_a_domain(two: Office) -> None:
    await proved(two, "Acme", Zone())
    domains.add(two, "Other", "shared.test")
    with pytest.raises(Fault, match="another tenant"):
        proof.verify(two, "shared.test", tenant="Other")
    assert status(two, "Acme") == "verified"


async def test_what_is_gone_is_warned_of_forgiven_and_at_last_not(two: Office) -> None:
    zone = Zone()
    await proved(two, "Acme", zone)
    held, zone.values = zone.values, {}
    assert await rechecks.look(later(two, 0.9), zone) == 0
    assert await rechecks.look(later(two, 1.1), zone) == 1
    assert status(two, "Acme") == "warning"
    zone.values = held
    await rechecks.look(later(two, 2.2), zone)
    assert status(two, "Acme") == "verified"
    zone.values = {}
    await rechecks.look(later(two, 4), zone)
    await rechecks.look(later(two, 17), zone)
    assert status(two, "Acme") == "warning"
    await rechecks.look(later(two, 19), zone)
    assert status(two, "Acme") == "pending"
    assert [subject.partition(" / ")[0] for _, subject in told(two)] == [
        "shared.test: DNS records are gone", "shared.test: all is well again", "shared.test: DNS records are gone",
        "shared.test must be proved anew",
    ]  # fmt: skip


async def test_a_silent_dns_takes_nothing_away(two: Office) -> None:
    await proved(two, "Acme", Zone())

    class Down:
        async def look(self, name: str, kind: str) -> Seen:
            raise Silent(f"no answer for {kind} {name}")

    for day in range(1, 40, 2):
        await rechecks.look(later(two, day), Down())
    assert (status(two, "Acme"), told(two)) == ("verified", [])


async def test_a_lost_dkim_record_warns_and_never_ends_the_domain(two: Office) -> None:
    zone = Zone()
    await proved(two, "Acme", zone)
    zone.values = {name: value for name, value in zone.values.items() if "_domainkey" not in name[0]}
    for day in range(2, 40, 2):
        await rechecks.look(later(two, day), zone)
    assert status(two, "Acme") == "warning"
    assert "dkim" in str(domains.show(two, "shared.test")["reason"])


async def test_measured_links_bear_a_domains_name_while_its_record_is_there(two: Office) -> None:
    zone, office = Zone(), msgspec.structs.replace(two, dns_zone="zone.test")
    tracked = lambda: office.control.domains()[0].tracked  # noqa: E731 - asked again and again
    printed = domains.add(office, "Acme", "shared.test")
    zone.publish(printed, "ownership", "dkim")
    proof.conclude(office, await proof.check(office, "shared.test", zone))
    assert tracked() == 0.0
    zone.publish(printed, "tracking")
    await rechecks.look(later(office, 1.1), zone)
    assert tracked() == later(office, 1.1).now()
    zone.values = {name: value for name, value in zone.values.items() if not name[0].startswith("t.")}
    await rechecks.look(later(office, 2.2), zone)
    assert (tracked(), status(office, "Acme")) == (0.0, "verified")


async def test_a_change_in_between_wins_over_the_look(two: Office) -> None:
    zone = Zone()
    await proved(two, "Acme", zone)
    seen = two.control.domains()[0]
    checked = await proof.check(two, "shared.test", zone)
    proof.renew(two, "shared.test")
    assert rechecks.conclude(later(two, 1), seen, checked).checked == seen.checked


def test_a_suspended_domain_is_proved_by_nobody(two: Office) -> None:
    domains.add(two, "Acme", "shared.test")
    found = two.control.domains()[0]
    two.control.put_domain(msgspec.structs.replace(found, status="suspended"), None)
    with pytest.raises(Fault, match="suspended"):
        proof.verify(two, "shared.test")
