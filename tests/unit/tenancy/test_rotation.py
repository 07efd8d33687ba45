"""Keys turn over in stages: what signs was seen, what retires stays published, nothing is lost on the way."""

from __future__ import annotations

import msgspec
import pytest

from estafette.base.errors import Fault
from estafette.net.authority import Seen
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import dkim_keys, domains, proof, rotation, tenants
from estafette.tenancy.office import Office, Resource

DAY = 86_400.0


class Zone:
    """DNS as a dictionary that a test changes."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], list[str]] = {}

    def publish(self, answer: Resource, *purposes: str) -> None:
        for record in answer["records"]:
            if not purposes or record["purpose"] in purposes:
                self.values.setdefault((record["name"], record["type"]), []).append(record["value"])

    async def look(self, name: str, kind: str) -> Seen:
        return Seen(values=tuple(self.values.get((name, kind), [])), zone="acme.test")


def later(office: Office, days: float) -> Office:
    now = office.now() + days * DAY
    return msgspec.structs.replace(office, now=lambda: now)


@pytest.fixture
async def zone(office: Office) -> Zone:
    tenants.create(office, "Acme")
    made = Zone()
    made.publish(domains.add(office, "Acme", "acme.test", ed25519=True))
    proof.conclude(office, await proof.check(office, "acme.test", made))
    return made


def stages(office: Office, kind: str = "rsa") -> list[str]:
    return [key["stage"] for key in domains.show(office, "acme.test")["keys"] if key["kind"] == kind]


def signing(directory: DirectorySnapshot, office: Office) -> set[str]:
    directory.reload()
    return {key.selector for key in directory.signing_keys(office.tenant("Acme").id, "acme.test")}


async def test_nothing_signs_before_its_record_was_seen(office: Office, directory: DirectorySnapshot) -> None:
    tenants.create(office, "Acme")
    added, zone = domains.add(office, "Acme", "acme.test"), Zone()
    zone.publish(added, "ownership")
    shown = proof.conclude(office, await proof.check(office, "acme.test", zone))
    assert (shown["status"], signing(directory, office)) == ("verified", set())
    zone.publish(added, "dkim")
    proof.conclude(office, await proof.check(office, "acme.test", zone))
    assert len(signing(directory, office)) == 1


async def test_the_first_turn_needs_no_step_of_the_customer(
    office: Office, zone: Zone, directory: DirectorySnapshot
) -> None:
    before = signing(directory, office)
    ahead = {key["selector"] for key in domains.show(office, "acme.test")["keys"] if key["stage"] == "next"}
    rotation.rotate(office, "acme.test")
    assert signing(directory, office) == ahead
    assert not before & ahead
    for kind in ("rsa", "ed25519"):
        assert stages(office, kind) == ["retiring", "active", "next"] or sorted(stages(office, kind)) == [
            "active", "next", "retiring",
        ]  # fmt: skip


async def test_the_next_turn_waits_for_its_record(office: Office, zone: Zone) -> None:
    shown = rotation.rotate(office, "acme.test")
    with pytest.raises(Fault, match="was not seen"):
        rotation.rotate(office, "acme.test")
    zone.publish(shown, "dkim")
    proof.conclude(office, await proof.check(office, "acme.test", zone))
    rotation.rotate(office, "acme.test")
    assert sorted(stages(office)) == ["active", "next", "retiring", "retiring"]


async def test_a_retiring_key_stays_published_until_mail_under_way_has_ended(office: Office, zone: Zone) -> None:
    old = next(key["selector"] for key in domains.show(office, "acme.test")["keys"] if key["stage"] == "active")
    rotation.rotate(office, "acme.test")
    rotation.keep(later(office, 7.9))
    assert any(record["name"].startswith(old) for record in domains.show(office, "acme.test")["records"])
    assert rotation.keep(later(office, 8.1)) == ["acme.test", "acme.test"]
    assert not any(record["name"].startswith(old) for record in domains.show(office, "acme.test")["records"])
    assert sorted(stages(office)) == ["active", "next", "retired"]


async def test_a_key_is_replaced_by_the_calendar(office: Office, zone: Zone) -> None:
    assert rotation.keep(later(office, 179)) == []
    assert rotation.keep(later(office, 181)) == ["acme.test"]
    assert sorted(stages(office)) == ["active", "next", "retiring"]


async def test_a_round_turns_no_more_than_its_share_and_the_next_goes_on(office: Office, zone: Zone) -> None:
    for name in ("beta.test", "gamma.test"):
        zone.publish(domains.add(office, "Acme", name))
        proof.conclude(office, await proof.check(office, name, zone))
    due = later(office, 181)
    turned = [rotation.keep(due, most=1) for _ in range(4)]
    assert [len(names) for names in turned] == [1, 1, 1, 0]
    assert {name for names in turned for name in names} == {"acme.test", "beta.test", "gamma.test"}
    over = later(office, 190)
    assert [len(rotation.keep(over, most=3)) for _ in range(3)] == [3, 1, 0]


async def test_behind_aliases_two_selectors_do_for_ever(office: Office) -> None:
    office = msgspec.structs.replace(office, dns_zone="dns.service.test")
    tenants.create(office, "Acme")
    zone = Zone()
    added = domains.add(office, "Acme", "acme.test")
    zone.publish(added)
    printed = [record for record in added["records"] if record["purpose"] == "dkim"]
    assert {record["type"] for record in printed} == {"CNAME"}
    exported = domains.zone(office)
    assert all(record["value"] in exported for record in printed)
    proof.conclude(office, await proof.check(office, "acme.test", zone))
    names = {record["name"] for record in printed}
    for turn in range(4):
        office = later(office, 10)
        rotation.rotate(office, "acme.test")
        office = later(office, 10)
        rotation.keep(office)
        proof.conclude(office, await proof.check(office, "acme.test", zone))
        shown = domains.show(office, "acme.test")
        assert {record["name"] for record in shown["records"] if record["purpose"] == "dkim"} == names, turn
        assert sorted(key["stage"] for key in shown["keys"]) == ["active", "next"]


def test_labels_are_never_given_again(office: Office) -> None:
    office = msgspec.structs.replace(office, dns_zone="dns.service.test")
    tenants.create(office, "Acme")
    for _ in range(3):
        domains.add(office, "Acme", "acme.test")
        domains.remove(office, "acme.test")
    labels = [each.label for each in office.control.sending.labels()]
    assert len(labels) == len(set(labels)) == 3


def test_keys_without_a_zone_have_no_label(office: Office) -> None:
    tenants.create(office, "Acme")
    domains.add(office, "Acme", "acme.test")
    assert office.control.sending.labels() == ()
    with pytest.raises(Fault, match="no zone"):
        domains.zone(office)
    assert dkim_keys.RETIRES > 5 * DAY
