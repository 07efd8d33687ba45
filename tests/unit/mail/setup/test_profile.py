"""Apple's profile: read back by plistlib, stable, and without a password."""

import plistlib
import uuid

import msgspec
import pytest

from estafette.mail.setup import profile
from estafette.model.address import parse_path

#: Keys that Apple's reference of com.apple.mail.managed names, and their types.
ACCOUNT = {
    "EmailAccountType": str, "EmailAccountDescription": str, "EmailAddress": str, "IncomingMailServerAuthentication": str,
    "IncomingMailServerHostName": str, "IncomingMailServerPortNumber": int, "IncomingMailServerUseSSL": bool,
    "IncomingMailServerUsername": str, "OutgoingMailServerAuthentication": str, "OutgoingMailServerHostName": str,
    "OutgoingMailServerPortNumber": int, "OutgoingMailServerUseSSL": bool, "OutgoingMailServerUsername": str,
    "OutgoingPasswordSameAsIncomingPassword": bool,
}  # fmt: skip
PAYLOAD = {
    "PayloadType": str, "PayloadVersion": int, "PayloadIdentifier": str, "PayloadUUID": str, "PayloadDisplayName": str,
}  # fmt: skip


def test_a_profile_of_a_domain_leaves_the_person_to_the_device(setup):
    whole = plistlib.loads(profile.written(setup))
    (account,) = whole.pop("PayloadContent")
    assert (whole["PayloadType"], account["PayloadType"]) == ("Configuration", "com.apple.mail.managed")
    assert {name: type(value) for name, value in whole.items()} == PAYLOAD
    assert not {"EmailAddress", "IncomingMailServerUsername", "OutgoingMailServerUsername"} & set(account)
    known = PAYLOAD | ACCOUNT
    assert all(type(value) is known[name] for name, value in account.items())
    for each in (whole, account):
        assert str(uuid.UUID(each["PayloadUUID"])).upper() == each["PayloadUUID"]


def test_one_of_an_address_names_it_and_no_password(setup):
    octets = profile.written(setup, parse_path("ann@acme.example"))
    (account,) = plistlib.loads(octets)["PayloadContent"]
    assert set(account) == set(PAYLOAD) | set(ACCOUNT)
    assert (account["IncomingMailServerHostName"], account["IncomingMailServerUsername"]) == (
        "imap.acme.example",
        "ann",
    )
    assert (account["OutgoingMailServerHostName"], account["OutgoingMailServerUsername"]) == (
        "mx1.service.test", "ann@acme.example",
    )  # fmt: skip
    assert account["OutgoingPasswordSameAsIncomingPassword"] is False
    assert b"<key>IncomingPassword<" not in octets
    assert b"<key>OutgoingPassword<" not in octets


def test_a_later_profile_replaces_an_earlier_one_of_the_same_account_alone(setup):
    def ids(given, address):
        whole = plistlib.loads(profile.written(given, parse_path(address) if address else None))
        return [(each["PayloadUUID"], each["PayloadIdentifier"]) for each in (whole, *whole["PayloadContent"])]

    moved = msgspec.structs.replace(setup, outgoing=setup.outgoing[1:])
    addresses = ("", "ann@acme.example", "bob@acme.example")
    assert [ids(setup, each) for each in addresses] == [ids(moved, each) for each in addresses]
    assert len({pair for each in addresses for pair in ids(setup, each)}) == 6
    assert ids(setup, "Ann@acme.example") == ids(setup, "ann@acme.example")


@pytest.mark.parametrize(("sign_in", "told"), [("password", "EmailAuthPassword"), ("encrypted", "EmailAuthCRAMMD5")])
def test_how_one_signs_in_is_said(setup, sign_in, told):
    given = msgspec.structs.replace(setup, mailbox=msgspec.structs.replace(setup.mailbox, sign_in=sign_in))
    assert profile.speaks(given)
    (account,) = plistlib.loads(profile.written(given))["PayloadContent"]
    assert account["IncomingMailServerAuthentication"] == told


def test_a_browser_log_in_it_cannot_say(setup):
    given = msgspec.structs.replace(setup, mailbox=msgspec.structs.replace(setup.mailbox, sign_in="oauth2"))
    assert not profile.speaks(given)
