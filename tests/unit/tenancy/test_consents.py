from __future__ import annotations

import msgspec
import pytest

from estafette.base.errors import Fault
from estafette.model.address import AddressError
from estafette.model.consent import ConsentState
from estafette.store.interface.page import Page
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import audit, consents, plans, tenants
from estafette.tenancy.consents import MOST, Answer
from estafette.tenancy.features import NotInPlan
from estafette.tenancy.office import NotFound, Office
from estafette.tracking.token import person_of


@pytest.fixture
def acme(office: Office) -> str:
    return str(tenants.create(office, "Acme")["id"])


def says(state: ConsentState, address: str = "Bob@example.test", **more: str) -> Answer:
    return Answer(address=address, state=state, **more)


def later(office: Office, seconds: float = 60.0) -> Office:
    return msgspec.structs.replace(office, now=lambda: 1_700_000_000.0 + seconds)


def test_a_consent_is_kept_with_its_proof_and_without_the_address(office: Office, acme: str) -> None:
    consents.record(office, "Acme", says("granted", method="form", text="May we measure?"))
    told = consents.record(later(office), "Acme", says("withdrawn", "bob@EXAMPLE.test"))
    assert told == consents.show(office, "Acme", "bob@example.test")
    assert (told["state"], told["at"]) == ("withdrawn", "2023-11-14T22:14:20Z")
    assert [(each["state"], each["method"], each["by"], each["text"]) for each in told["history"]] == [
        ("granted", "form", "cli:operator", "May we measure?"),
        ("withdrawn", "api", "cli:operator", ""),
    ]
    entries = audit.list_all(office, action="consent.record")["items"]
    assert [each["detail"] for each in entries] == ["withdrawn by api", "granted by form"]
    assert "bob" not in repr((told, entries)).lower()


def test_who_never_said_anything_is_unknown(office: Office, acme: str) -> None:
    told = consents.show(office, "Acme", "bob@example.test")
    assert (told["state"], told["at"], told["history"]) == ("unknown", None, [])


def test_many_answers_are_written_at_once_or_not_at_all(office: Office, acme: str) -> None:
    many = [says("granted" if n % 3 else "denied", f"p{n}@example.test", text="May we?") for n in range(MOST)]
    told = consents.record_all(office, "Acme", many)["items"]
    assert [each["state"] for each in told] == [answer.state for answer in many]
    assert audit.list_all(office, action="consent.record")["items"][0]["detail"] == "666 granted, 334 denied"
    with pytest.raises(Fault, match="local part") as caught:
        consents.record_all(office, "Acme", [says("denied", "p1@example.test"), says("denied", "nobody")])
    assert caught.value.place == "consents.1.address"
    with pytest.raises(Fault, match="at once"):
        consents.record_all(office, "Acme", [])
    assert consents.show(office, "Acme", "p1@example.test")["state"] == "granted"
    first = consents.list_all(office, "Acme", page=Page(limit=300), state="denied")
    rest = consents.list_all(office, "Acme", page=Page(limit=300, after=first["next"]), state="denied")
    assert len({each["person"] for each in [*first["items"], *rest["items"]]}) == 334


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        (says("granted", method=""), "method"),
        (says("granted", method="a\nb"), "method"),
        (says("granted", method="m" * 65), "method"),
        (says("granted", text="t" * 4_001), "text"),
        (says("granted", text="\0"), "text"),
        (says("unknown"), "state"),
        (Answer(address="bob@example.test", state="granted", at=1_700_000_001.0), "at"),
        (Answer(address="bob@example.test", state="granted", at=float("nan")), "at"),
    ],
)
def test_odd_answers_are_refused(office: Office, acme: str, answer: Answer, place: str) -> None:
    with pytest.raises(Fault) as caught:
        consents.record(office, "Acme", answer)
    assert caught.value.place == place
    with pytest.raises(AddressError):
        consents.record(office, "Acme", says("granted", "nobody"))
    assert consents.list_all(office, "Acme")["items"] == []


def test_tenants_know_nothing_of_each_others_people(office: Office, acme: str) -> None:
    tenants.create(office, "Rival")
    mine = consents.record(office, "Acme", says("granted"))
    theirs = consents.show(office, "Rival", "bob@example.test")
    assert (theirs["state"], consents.list_all(office, "Rival")["items"]) == ("unknown", [])
    assert theirs["person"] != mine["person"]
    with pytest.raises(NotFound):
        consents.show(office, "Nobody", "bob@example.test")


def test_a_recipient_withdraws_by_a_link_and_once(office: Office, acme: str, directory: DirectorySnapshot) -> None:
    consents.record(office, "Acme", says("granted"))
    person = person_of(office.keyring, acme, "bob@example.test")
    for _ in range(2):
        consents.withdraw(office, acme, person, at=1_700_000_050.0)
    directory.reload()
    assert directory.withdrawn(acme, person)
    assert directory.consent(acme, "bob@example.test") == "refused"
    told = consents.show(office, "Acme", "bob@example.test")
    assert [(each["state"], each["by"], each["method"]) for each in told["history"]] == [
        ("granted", "cli:operator", "api"), ("withdrawn", "recipient", "link"),
    ]  # fmt: skip
    consents.withdraw(office, "nobody", person, at=1.0)


def test_a_withdrawal_that_is_told_late_does_not_undo_a_newer_consent(office: Office, acme: str) -> None:
    consents.record(office, "Acme", says("granted"))
    consents.withdraw(office, acme, person_of(office.keyring, acme, "bob@example.test"), at=1_600_000_000.0)
    assert consents.show(office, "Acme", "bob@example.test")["state"] == "granted"


def test_an_import_of_old_consents_overrides_no_refusal_that_came_since(office: Office, acme: str) -> None:
    consents.record(office, "Acme", says("denied"))
    old = Answer(address="bob@example.test", state="granted", at=1_600_000_000.0, method="import")
    told = consents.record(later(office), "Acme", old)
    assert told["state"] == "denied"
    assert [(each["at"], each["recorded"]) for each in told["history"]] == [
        ("2023-11-14T22:13:20Z", "2023-11-14T22:13:20Z"), ("2020-09-13T12:26:40Z", "2023-11-14T22:14:20Z"),
    ]  # fmt: skip


def test_the_keyring_may_turn_over_and_nobody_is_forgotten(office: Office, acme: str) -> None:
    consents.record(office, "Acme", says("denied"))
    turned = msgspec.structs.replace(office, keyring=office.keyring.rotate())
    assert consents.show(turned, "Acme", "bob@example.test")["state"] == "denied"


def test_what_a_tenant_may_measure_is_its_own_choice_within_its_plan(office: Office, acme: str) -> None:
    assert tenants.show(office, "Acme")["tracking"] == "individual"
    assert tenants.update(office, "Acme", tracking="aggregate")["tracking"] == "aggregate"
    with pytest.raises(Fault, match="no tracking"):
        tenants.update(office, "Acme", tracking="sometimes")
    plans.create(office, "small", features=["streams=3"])
    tenants.update(office, "Acme", plan="small")
    with pytest.raises(NotInPlan):
        tenants.update(office, "Acme", tracking="individual")
    assert tenants.update(office, "Acme", tracking="consented")["tracking"] == "consented"
    entry = audit.list_all(office, action="tenant.update")["items"][0]
    assert (entry["before"]["tracking"], entry["after"]["tracking"]) == ("aggregate", "consented")
