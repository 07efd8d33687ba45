from __future__ import annotations

import pytest

from estafette.model.address import parse_path
from estafette.store.interface.sending import InUse
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import credentials, domains, proof, streams, suppressions, tenants
from estafette.tenancy.office import Office
from estafette.tenancy.streams import Habits
from estafette.tracking.token import person_of


@pytest.fixture
def made(office: Office) -> dict:
    tenants.create(office, "Acme")
    domains.add(office, "Acme", "acme.test", ed25519=True)
    return credentials.create(office, "Acme", name="shop", networks=["10.0.0.0/8", "2001:db8::/32"])


async def test_refresh_sees_what_changed_and_only_then(
    office: Office, made: dict, directory: DirectorySnapshot
) -> None:
    assert directory.by_credential(made["id"]) is None
    assert await directory.refresh() is True
    assert await directory.refresh() is False
    version = directory.version
    credentials.revoke(office, made["username"])
    assert await directory.refresh() is True
    assert directory.version > version
    assert directory.by_password(made["username"], made["password"].encode()) is None
    assert directory.by_network("10.1.2.3") is None
    assert directory.by_api_key(made["api_key"]) is None


def test_every_way_in_leads_to_the_same_credential(made: dict, directory: DirectorySnapshot) -> None:
    directory.reload()
    ways = {
        "password": directory.by_password(made["username"], made["password"].encode()),
        "api_key": directory.by_api_key(made["api_key"]),
        "network": directory.by_network("10.9.9.9"),
    }
    assert {name: way.via for name, way in ways.items()} == {name: name for name in ways}
    assert {way.credential for way in ways.values()} == {made["id"]}


@pytest.mark.parametrize("password", [b"", b"wrong", b"\xff\x00"])
def test_a_wrong_password_lets_nobody_in(made: dict, directory: DirectorySnapshot, password: bytes) -> None:
    directory.reload()
    assert directory.by_password(made["username"], password) is None
    assert directory.by_password("nobody", password) is None


def test_the_most_specific_network_answers(office: Office, made: dict, directory: DirectorySnapshot) -> None:
    narrow = credentials.create(office, "Acme", networks=["10.1.0.0/16"])
    directory.reload()
    answers = {
        address: identity.credential if (identity := directory.by_network(address)) else None
        for address in ("10.1.0.1", "10.2.0.1", "::ffff:10.1.0.1", "2001:db8::1", "192.0.2.1", "nonsense", "")
    }
    assert answers == {
        "10.1.0.1": narrow["id"], "10.2.0.1": made["id"], "::ffff:10.1.0.1": narrow["id"],
        "2001:db8::1": made["id"], "192.0.2.1": None, "nonsense": None, "": None,
    }  # fmt: skip


def test_signing_keys_open_for_their_tenant_only(office: Office, made: dict, directory: DirectorySnapshot) -> None:
    tenants.create(office, "Other")
    proof.verify(office, "acme.test")
    directory.reload()
    keys = directory.signing_keys(made["tenant"], "acme.test")
    assert [(key.kind, key.stage) for key in keys] == [("rsa", "active"), ("ed25519", "active")]
    assert directory.signing_keys(office.tenant("Other").id, "acme.test") == ()


def test_a_key_row_moved_to_another_tenant_does_not_open(
    office: Office, made: dict, directory: DirectorySnapshot
) -> None:
    from msgspec.structs import replace

    stolen = [replace(key, tenant="thief") for key in office.control.keys(made["tenant"], "acme.test")]
    office.control.add_keys(stolen, office.entry("test"))
    directory.reload()
    assert directory.signing_keys("thief", "acme.test") == ()


def test_may_send_as_needs_proof_and_permission(office: Office, made: dict, directory: DirectorySnapshot) -> None:
    narrow = credentials.create(office, "Acme", senders=["Sales@ACME.test"])
    directory.reload()
    wide, only = directory.by_credential(made["id"]), directory.by_credential(narrow["id"])
    sales, hr = parse_path("sales@acme.test"), parse_path("hr@acme.test")
    assert not directory.may_send_as(wide, sales.domain, sales.key)
    proof.verify(office, "acme.test")
    directory.reload()
    assert directory.may_send_as(wide, hr.domain, hr.key)
    assert directory.may_send_as(only, sales.domain, sales.key)
    assert not directory.may_send_as(only, hr.domain, hr.key)


def test_who_is_known_by_a_hash_alone_gets_no_mail(office: Office, made: dict, directory: DirectorySnapshot) -> None:
    tenants.create(office, "Other")
    tenant, other = made["tenant"], office.tenant("Other").id
    suppressions.add_person(office, "Acme", person_of(office.keyring, tenant, "gone@example.test"), reason="erased")
    suppressions.add_person(office, "Other", person_of(office.keyring, other, "lee@example.test"), reason="erased")
    directory.reload()
    assert "gone@" not in repr(office.control.suppressions() + office.control.audit())
    assert directory.suppressed(tenant, "bulk", "Gone@example.test") == "erased"
    assert directory.suppressed(tenant, "bulk", "lee@example.test") == ""
    assert [each["reason"] for each in suppressions.list_all(office, "Acme", address="gone@example.test")["items"]] == [
        "erased"
    ]
    suppressions.add(office, "Acme", "gone@example.test", reason="again")
    suppressions.remove(office, "Acme", "gone@example.test")
    directory.reload()
    assert directory.suppressed(tenant, "bulk", "gone@example.test") == ""
    assert directory.suppressed(other, "bulk", "lee@example.test") == "erased"


def test_who_said_no_by_a_link_of_one_stream_gets_the_others(
    office: Office, made: dict, directory: DirectorySnapshot
) -> None:
    tenant = made["tenant"]
    person = person_of(office.keyring, tenant, "gone@example.test")
    suppressions.add_person(office, "Acme", person, stream="bulk", reason="unsubscribe")
    suppressions.add_person(office, "Acme", person, stream="bulk", reason="complaint")
    directory.reload()
    asked = [directory.suppressed(tenant, name, "gone@example.test") for name in ("bulk", "personal")]
    assert asked == ["complaint", ""]
    suppressions.remove(office, "Acme", "gone@example.test", stream="bulk")
    directory.reload()
    assert directory.suppressed(tenant, "bulk", "gone@example.test") == ""


def test_suppressions_by_stream_and_for_all(office: Office, made: dict, directory: DirectorySnapshot) -> None:
    suppressions.add(office, "Acme", "Gone@Example.test", reason="bounce")
    suppressions.add(office, "Acme", "quiet@example.test", stream="bulk", reason="unsubscribe")
    directory.reload()
    tenant = made["tenant"]
    assert directory.suppressed(tenant, "personal", "gone@EXAMPLE.test") == "bounce"
    assert directory.suppressed(tenant, "bulk", "quiet@example.test") == "unsubscribe"
    assert directory.suppressed(tenant, "personal", "quiet@example.test") == ""
    assert directory.suppressed("other", "bulk", "gone@example.test") == ""


def test_an_entry_of_a_stream_stops_as_much_as_its_scope_says(
    office: Office, made: dict, directory: DirectorySnapshot
) -> None:
    tenant = made["tenant"]
    streams.create(office, "Acme", "invoices", "transactional")
    suppressions.add(office, "Acme", "quiet@example.test", stream="bulk", reason="complaint")
    suppressions.add(office, "Acme", "quiet@example.test", stream="invoices", reason="bounce")

    def told() -> list[str]:
        directory.reload()
        return [directory.suppressed(tenant, name, "quiet@example.test") for name in ("bulk", "invoices", "personal")]

    assert told() == ["complaint", "bounce", ""]
    streams.update(office, "Acme", "bulk", Habits(suppression="tenant"))
    assert told() == ["complaint", "complaint", "complaint"]
    suppressions.remove(office, "Acme", "quiet@example.test", stream="bulk")
    assert told() == ["", "bounce", ""]
    streams.update(office, "Acme", "bulk", Habits(suppression="stream"))
    suppressions.add(office, "Acme", "quiet@example.test", stream="bulk", reason="again")
    assert told() == ["again", "bounce", ""]


def test_many_entries_at_once_are_heard_as_well(office: Office, made: dict, directory: DirectorySnapshot) -> None:
    directory.reload()
    many = [f"n{number}@example.test" for number in range(250)]
    for address in many:
        suppressions.add(office, "Acme", address, reason="first")
    directory.reload()
    for address in many[:220]:
        suppressions.remove(office, "Acme", address)
    suppressions.add(office, "Acme", many[0], stream="bulk", reason="second")
    directory.reload()
    tenant = made["tenant"]
    assert [directory.suppressed(tenant, "bulk", many[place]) for place in (0, 1, 249)] == ["second", "", "first"]


def test_who_said_no_to_all_is_left_alone_when_the_stream_goes(
    office: Office, made: dict, directory: DirectorySnapshot
) -> None:
    for name, scope in (("wide", "tenant"), ("narrow", "stream")):
        streams.create(office, "Acme", name, "bulk", Habits(suppression=scope))
        suppressions.add(office, "Acme", f"{name}@example.test", stream=name, reason="unsubscribe")
        suppressions.add(office, "Acme", "both@example.test", stream=name, reason="late")
    suppressions.add(office, "Acme", "both@example.test", reason="first")
    held = credentials.create(office, "Acme", stream="wide")
    directory.reload()
    with pytest.raises(InUse):
        streams.remove(office, "Acme", "wide")
    assert len(suppressions.list_all(office, "Acme", stream="wide")["items"]) == 2
    credentials.revoke(office, held["id"])
    streams.remove(office, "Acme", "wide")
    streams.remove(office, "Acme", "narrow")
    directory.reload()
    asked = [directory.suppressed(made["tenant"], "personal", f"{name}@example.test") for name in ("wide", "narrow")]
    assert asked == ["unsubscribe", ""]
    assert directory.suppressed(made["tenant"], "bulk", "both@example.test") == "first"
    assert suppressions.list_all(office, "Acme", stream="wide")["items"] == []


def test_quota_counts_what_was_spent_until_the_store_tells(
    office: Office, made: dict, directory: DirectorySnapshot
) -> None:
    directory.reload()
    tenant = made["tenant"]
    assert directory.quota_left(tenant) is None
    tenants.update(office, "Acme", queued_limit=10)
    directory.reload()
    directory.spend(tenant, 3, 40)
    assert (directory.quota_left(tenant), directory.queued_octets(tenant)) == (7, 0)
    directory.queued({})
    directory.spend(tenant, 8, 100)
    assert (directory.quota_left(tenant), directory.queued_octets(tenant)) == (2, 100)
    directory.queued({tenant: (12, 5)})
    assert (directory.quota_left(tenant), directory.queued_octets(tenant)) == (0, 5)
    directory.queued({})
    assert directory.quota_left(tenant) == 10
