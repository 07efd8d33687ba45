"""A company's old Postfix relays through a credential by source network."""

import pytest
from tests.servers.letters import letter, signed_by
from tests.servers.postfix import PostfixClient

pytestmark = pytest.mark.mail_only


def test_postfix_submits_by_network_credential(rig, folder, certificates):
    rig.service.credential(network="127.0.0.0/8")
    relay = (rig.service.address, rig.service.submission)
    with PostfixClient(folder / "old", relay=relay) as old:
        old.send(letter("desk@customer.test", "jane@example.test"), "desk@customer.test", ["jane@example.test"])
        message = rig.postfix.wait()[0]
    assert signed_by(message, rig.dns, "customer.test")
