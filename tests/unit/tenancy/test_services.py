from __future__ import annotations

import json

import pytest

from estafette.base.errors import Fault
from estafette.net.authority import Seen
from estafette.store.interface.page import BadCursor, Page
from estafette.store.interface.records import AlreadyThere
from estafette.tenancy import audit, credentials, domains, operators, proof, streams, suppressions, tenants
from estafette.tenancy.office import NotFound, Office


class Zone:
    """DNS as a dictionary."""

    def __init__(self, *records: dict) -> None:
        self.values: dict[str, list[str]] = {}
        for record in records:
            key = f"{record.get('type', 'TXT')} {record['name']}"
            self.values.setdefault(key, []).append(record["value"])

    async def look(self, name: str, kind: str) -> Seen:
        return Seen(values=tuple(self.values.get(f"{kind} {name}", [])))


@pytest.fixture
def acme(office: Office) -> dict:
    return tenants.create(office, "Acme")


def test_the_first_operator_is_made_once(office: Office) -> None:
    made = operators.first(office)
    assert set(made) == {"operator", "password", "api_key"}
    assert operators.first(office) is None
    assert operators.by_password(office, "operator", made["password"]).name == "operator"
    assert operators.by_password(office, "operator", "wrong") is None
    assert operators.by_password(office, "nobody", made["password"]) is None
    assert operators.by_api_key(office, made["api_key"]).name == "operator"
    assert operators.by_api_key(office, made["api_key"] + "x") is None


def test_a_tenant_has_three_streams_and_is_trusted(office: Office, acme: dict) -> None:
    assert acme["streams"] == ["personal", "transactional", "bulk"]
    assert acme["status"] == "active"
    assert acme["queued_limit"] is None
    assert tenants.show(office, acme["id"]) == tenants.show(office, "Acme") == acme


@pytest.mark.parametrize("name", ["", " x", "a/b", "x" * 64, "a\n"])
def test_odd_tenant_names_are_refused(office: Office, name: str) -> None:
    with pytest.raises(Fault, match="no name"):
        tenants.create(office, name)


def test_tenant_acts(office: Office, acme: dict) -> None:
    with pytest.raises(AlreadyThere):
        tenants.create(office, "Acme")
    assert tenants.update(office, "Acme", identity="Acme Ltd", queued_limit=5)["queued_limit"] == 5
    assert tenants.update(office, "Acme", queued_limit=-1)["identity"] == "Acme Ltd"
    assert tenants.suspend(office, "Acme", "unpaid")["reason"] == "unpaid"
    assert tenants.resume(office, "Acme")["status"] == "active"
    acts = [item["action"] for item in audit.list_all(office, tenant="Acme")["items"]]
    assert acts == ["tenant.resume", "tenant.suspend", "tenant.update", "tenant.update", "tenant.create"]


async def test_a_domain_from_added_to_verified(office: Office, acme: dict) -> None:
    added = domains.add(office, "Acme", "Bücher.Example", ed25519=True)
    assert (added["domain"], added["status"]) == ("xn--bcher-kva.example", "pending")
    purposes = [record["purpose"] for record in added["records"]]
    assert purposes == ["ownership", "dkim", "dkim", "dkim", "dkim", "spf", "dmarc", "return_path", "inbound"]
    assert any(len(record["value"]) > 255 for record in added["records"])
    empty = await proof.check(office, "bücher.example", Zone())
    assert not any(record["ok"] for record in empty["records"])
    with pytest.raises(Fault, match="ownership"):
        proof.conclude(office, empty)
    full = await proof.check(office, "bücher.example", Zone(*added["records"]))
    assert all(record["ok"] for record in full["records"])
    assert proof.conclude(office, full)["status"] == "verified"


async def test_another_key_or_token_does_not_count(office: Office, acme: dict) -> None:
    tenants.create(office, "Other")
    mine = domains.add(office, "Acme", "shared.test")
    theirs = domains.add(office, "Other", "shared.test")
    names = {record["name"]: record["value"] for record in mine["records"]}
    zone = Zone(*theirs["records"], *({"name": name, "value": "v=DKIM1; k=rsa; p=AAAA"} for name in names))
    found = await proof.check(office, "shared.test", zone, tenant="Acme")
    ok = {record["purpose"] for record in found["records"] if record["ok"]}
    assert ok == {"spf", "dmarc", "return_path", "inbound"}


def test_a_verified_domain_is_nobody_elses(office: Office, acme: dict) -> None:
    tenants.create(office, "Other")
    domains.add(office, "Acme", "shared.test")
    domains.add(office, "Other", "shared.test")
    proof.verify(office, "shared.test", tenant="Acme")
    with pytest.raises(Fault, match="another tenant"):
        proof.verify(office, "SHARED.test.", tenant="Other")
    assert domains.show(office, "shared.test", tenant="Other")["status"] == "pending"
    assert audit.list_all(office)["items"][0]["action"] == "domain.verify.force"
    with pytest.raises(Fault, match="several tenants"):
        domains.show(office, "shared.test")


def test_private_keys_rest_sealed(office: Office, acme: dict) -> None:
    domains.add(office, "Acme", "acme.test")
    keys = office.control.keys(acme["id"], "acme.test")
    assert sorted(key.stage for key in keys) == ["active", "next"]
    assert all(key.sealed[:2] != b"\x30\x82" for key in keys)


def test_the_service_has_keys_of_its_own(office: Office) -> None:
    made = domains.add_service_keys(office)
    assert made["domain"] == "mx1.service.test"
    assert domains.add_service_keys(office) == made


@pytest.mark.parametrize("name", ["", "-x.test", "a b.test", "[192.0.2.1]", "x@y.test", "1.2.3.4"])
def test_what_is_no_domain_is_refused(office: Office, acme: dict, name: str) -> None:
    with pytest.raises(Fault):
        domains.add(office, "Acme", name)


def test_a_credential_shows_its_secrets_once(office: Office, acme: dict) -> None:
    made = credentials.create(office, "Acme", name="Web Shop")
    assert made["stream"] == "transactional"
    assert made["username"].startswith("web-shop-")
    for secret in (made["password"], made["api_key"]):
        assert len(secret) >= 32
        assert secret not in json.dumps(credentials.list_all(office))
        assert secret not in json.dumps(audit.list_all(office))
    assert credentials.revoke(office, made["username"])["revoked"] == "2023-11-14T22:13:20Z"
    with pytest.raises(NotFound):
        credentials.show(office, "nobody")


def test_another_tenants_credential_is_not_found(office: Office, acme: dict) -> None:
    tenants.create(office, "Other")
    made = credentials.create(office, "Acme")
    with pytest.raises(NotFound):
        credentials.revoke(office, made["username"], tenant="Other")
    assert credentials.list_all(office, "Other")["items"] == []


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"senders": ["other.test"]}, "--from"),
        ({"senders": ["a@other.test"]}, "--from"),
        ({"senders": ["not an address"]}, "--from"),
        ({"networks": ["10.0.0.1/8"]}, "--network"),
        ({"networks": ["everywhere"]}, "--network"),
        ({"stream": "fast"}, "--stream"),
    ],
)
def test_a_credential_that_cannot_be(office: Office, acme: dict, wrong: dict, place: str) -> None:
    with pytest.raises(Fault) as caught:
        credentials.create(office, "Acme", **wrong)
    assert caught.value.place == place
    assert credentials.list_all(office)["items"] == []


def test_a_network_stands_for_one_credential(office: Office, acme: dict) -> None:
    first = credentials.create(office, "Acme", networks=["10.0.0.0/8"])
    with pytest.raises(Fault, match="already stands"):
        credentials.create(office, "Acme", networks=["10.0.0.0/8"])
    credentials.revoke(office, first["id"])
    assert credentials.create(office, "Acme", networks=["10.0.0.0/8"])["networks"] == ["10.0.0.0/8"]


def test_streams_and_suppressions(office: Office, acme: dict) -> None:
    assert (
        streams.update(office, "Acme", "bulk", streams.Habits(report_to="ops@acme.test"))["report_to"]
        == "ops@acme.test"
    )
    assert streams.show(office, "Acme", "bulk")["kind"] == "bulk"
    assert suppressions.add(office, "Acme", "A@Example.test")["address"] == "a@example.test"
    assert suppressions.add(office, "Acme", "a@example.test", reason="complaint")["reason"] == "complaint"
    assert len(suppressions.list_all(office, "Acme")["items"]) == 1
    assert suppressions.remove(office, "Acme", "a@EXAMPLE.test")["removed"] is True
    with pytest.raises(NotFound):
        suppressions.remove(office, "Acme", "a@example.test")


def test_the_audit_is_read_page_by_page_newest_first(office: Office, acme: dict) -> None:
    for number in range(5):
        audit.record(office, "queue.hold" if number % 2 else "queueing", tenant=acme["id"], subject=str(number))
    seen, after = [], ""
    while True:
        page = audit.list_all(office, tenant="Acme", page=Page(limit=2, after=after))
        seen += [item["subject"] for item in page["items"]]
        if not (after := page["next"]):
            break
    assert seen == ["4", "3", "2", "1", "0", "Acme"]
    assert [item["subject"] for item in audit.list_all(office, action="queue")["items"]] == ["3", "1"]
    assert audit.list_all(office, actor="nobody")["items"] == []
    with pytest.raises(BadCursor):
        audit.list_all(office, page=Page(after="WzFd1"))
