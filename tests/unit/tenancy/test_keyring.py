from __future__ import annotations

import pytest
from msgspec.structs import replace

from estafette.base.seal import Keyring
from estafette.tenancy import audit, domains, keyring, tenants
from estafette.tenancy.office import Office


@pytest.fixture
def acme(office: Office) -> str:
    owner = str(tenants.create(office, "Acme")["id"])
    domains.add(office, "Acme", "acme.test", ed25519=True)
    return owner


def _reopened(office: Office) -> Office:
    return replace(office, keyring=Keyring.load(office.keyring._path))


def _held(office: Office) -> list[int]:
    return [item["values"] for item in keyring.list_all(office)["items"]]


def _opened(office: Office, ring: Keyring) -> list[bytes]:
    return [ring.open(value.purpose, value.sealed, value.context) for value in keyring._values(office)]


def test_a_new_key_seals_and_the_old_one_still_opens(office: Office, acme: str) -> None:
    ((key_id, seals, values, retired),) = [
        (key["id"], key["seals"], key["values"], key["retired"]) for key in keyring.list_all(office)["items"]
    ]
    assert (key_id, seals, retired) == (1, True, None)
    assert values == len(_opened(office, office.keyring)) > 2
    shown = keyring.rotate(office)["items"]
    assert [(key["id"], key["seals"], key["values"]) for key in shown] == [(1, False, values), (2, True, 0)]
    assert (shown[0]["retired"], shown[0]["opens_until"]) == ("2023-11-14T22:13:20Z", "2025-11-13T22:13:20Z")
    again = _reopened(office)
    assert len(_opened(again, again.keyring)) == values
    domains.add(again, "Acme", "new.test")
    old, new = _held(again)
    assert old == values
    assert new > 0


def test_resealing_leaves_the_old_key_empty_and_every_secret_as_it_was(office: Office, acme: str) -> None:
    before = _opened(office, office.keyring)
    keyring.rotate(office)
    again = _reopened(office)
    assert keyring.reseal(again) == {"values": len(before), "resealed": len(before), "unreadable": 0}
    assert _held(again) == [0, len(before)]
    assert keyring.reseal(again) == {"values": len(before), "resealed": 0, "unreadable": 0}
    # This ring was read before the rotation: it finds the new key in the file.
    assert _opened(office, office.keyring) == before
    acts = [entry["action"] for entry in audit.list_all(office)["items"]]
    assert acts[:3] == ["keyring.reseal", "keyring.reseal", "keyring.rotate"]


def test_new_seals_are_changes_to_every_directory(office: Office, acme: str) -> None:
    keyring.rotate(office)
    before = office.control.versions().control
    assert office.control.changes(before).keys == ()
    keyring.reseal(_reopened(office))
    changed = office.control.changes(before).keys
    assert {key.domain for key in changed} == {"acme.test"}
    assert {office.keyring.key_of(key.sealed) for key in changed} == {2}


def test_what_changed_since_it_was_read_is_not_sealed_over(office: Office, acme: str) -> None:
    (value, *_) = keyring._values(office)
    assert office.control.secrets.replace([(replace(value, sealed=b"another"), b"new")]) == 0
    assert value in list(keyring._values(office))


def test_a_value_of_another_ring_stays_and_is_told(office: Office, acme: str) -> None:
    (value, *others) = keyring._values(office)
    office.control.secrets.replace([(value, b"\x01\x09" + value.sealed[2:])])
    keyring.rotate(office)
    told = keyring.reseal(_reopened(office))
    assert told == {"values": len(others) + 1, "resealed": len(others), "unreadable": 1}


def test_more_values_than_a_page_are_all_sealed_again(
    office: Office, acme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "_AT_ONCE", 2)
    keyring.rotate(office)
    assert keyring.reseal(_reopened(office))["resealed"] == len(_opened(office, office.keyring)) > 2
