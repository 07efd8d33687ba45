"""Single addresses: verified by their reader, refused where a domain has an owner, gone at once when taken back."""

from __future__ import annotations

import re

import msgspec
import pytest

from estafette.base.errors import Fault
from estafette.store.interface.records import AlreadyThere
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import credentials, domains, letters, proof, senders, tenants
from estafette.tenancy.invitations import LinkOver
from estafette.tenancy.office import NotFound, Office

HERS = "anna@provider.example"


@pytest.fixture
def acme(office: Office) -> dict:
    tenants.create(office, "Acme")
    tenants.create(office, "Other")
    return credentials.create(office, "Acme")


def link(office: Office) -> str:
    letter = office.control.people.letters(10)[-1]
    assert letter.address == HERS
    return re.search(r"/senders/(\w+)", letters.read(office.keyring, letter).text)[1]


def may(directory: DirectorySnapshot, made: dict, address: str = HERS) -> bool:
    directory.reload()
    identity = directory.by_credential(made["id"])
    assert identity is not None
    return directory.may_send_as(identity, address.rpartition("@")[2], address)


def test_an_address_sends_when_its_reader_agreed(office: Office, acme: dict, directory: DirectorySnapshot) -> None:
    assert senders.add(office, "Acme", "Anna@Provider.Example")["status"] == "pending"
    assert not may(directory, acme)
    token = link(office)
    assert senders.look(office, token) == {"email": HERS, "tenant": "Acme"}
    assert not may(directory, acme)
    senders.confirm(office, token)
    assert may(directory, acme)
    assert may(directory, acme, "ANNA@provider.example")
    assert not may(directory, acme, "eve@provider.example")
    with pytest.raises(LinkOver):
        senders.confirm(office, token)
    senders.remove(office, HERS, tenant="Acme")
    assert not may(directory, acme)


def test_it_is_its_own_tenants_only(office: Office, acme: dict, directory: DirectorySnapshot) -> None:
    senders.add(office, "Acme", HERS)
    senders.confirm(office, link(office))
    assert not may(directory, credentials.create(office, "Other"))
    with pytest.raises(NotFound):
        senders.show(office, HERS, tenant="Other")
    with pytest.raises(AlreadyThere):
        senders.add(office, "Acme", HERS)


def test_a_link_ends(office: Office, acme: dict) -> None:
    senders.add(office, "Acme", HERS)
    token, late = link(office), msgspec.structs.replace(office, now=lambda: office.now() + senders.LASTS)
    with pytest.raises(LinkOver):
        senders.confirm(late, token)
    with pytest.raises(Fault, match="moment ago"):
        senders.resend(office, HERS, tenant="Acme")
    senders.resend(late, HERS, tenant="Acme")
    with pytest.raises(LinkOver):
        senders.confirm(office, token)


def test_the_owner_of_a_domain_decides_who_writes_from_it(
    office: Office, acme: dict, directory: DirectorySnapshot
) -> None:
    senders.add(office, "Acme", HERS)
    senders.confirm(office, link(office))
    domains.add(office, "Other", "provider.example")
    assert may(directory, acme)
    proof.verify(office, "provider.example", tenant="Other")
    assert not may(directory, acme)
    with pytest.raises(Fault, match="another account"):
        senders.add(office, "Acme", "bob@provider.example")
    with pytest.raises(Fault, match="every address"):
        senders.add(office, "Other", "bob@provider.example")
    domains.remove(office, "provider.example", tenant="Other")
    assert may(directory, acme)


def test_a_login_may_be_made_for_the_one_address(office: Office, acme: dict, directory: DirectorySnapshot) -> None:
    senders.add(office, "Acme", HERS)
    with pytest.raises(Fault, match="not a domain of this tenant"):
        credentials.create(office, "Acme", senders=[HERS])
    senders.confirm(office, link(office))
    made = credentials.create(office, "Acme", senders=["Anna@Provider.Example"])
    assert made["senders"] == [HERS]
    assert may(directory, made)
    assert not may(directory, made, "eve@provider.example")
    for other in ("eve@provider.example", "provider.example"):
        with pytest.raises(Fault, match="not a domain of this tenant"):
            credentials.create(office, "Acme", senders=[other])
    with pytest.raises(Fault, match="not a domain of this tenant"):
        credentials.create(office, "Other", senders=[HERS])
    # No key of the domain: the mail bears the service's signature alone.
    assert directory.signing_keys(made["tenant"], "provider.example") == ()
    senders.remove(office, HERS, tenant="Acme")
    assert not may(directory, made)
