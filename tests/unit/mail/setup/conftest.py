"""A domain whose people read at a server of its own and send through the service."""

import pytest

from estafette.model.mailbox import LOCAL, ClientSetup, Endpoint, Mailbox, outgoing


@pytest.fixture
def setup():
    box = Mailbox(incoming=Endpoint("imap.acme.example", 993, "tls"), login=LOCAL)
    return ClientSetup(domain="acme.example", mailbox=box, outgoing=outgoing("mx1.service.test", 465, 587))
