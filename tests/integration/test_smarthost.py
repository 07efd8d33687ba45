"""All mail of an egress group through a smarthost that asks for a log-in: real Postfix, real SASL, real TLS."""

import time

import pytest
from tests.servers.certificates import Certificates
from tests.servers.dns import DnsServer
from tests.servers.letters import signed_by
from tests.servers.namespace import V4, namespace
from tests.servers.rig import Rig
from tests.servers.service import MAIL
from tests.servers.smarthost import PASSWORD, USER, PostfixSmarthost


@pytest.fixture
def public(root):
    """A namespace whose addresses get no leave that the operator's own network has."""
    with namespace():
        yield V4[0]


@pytest.fixture
def zone(public, folder, servers):
    with DnsServer(folder / "dns") as server:
        server.add([("smart.test", "A", public)])
        yield server


def _rig(folder, certificates, zone, smarthost, scheme):
    way = {"smarthost": f"{scheme}://{USER}@smart.test:{smarthost.port}", "smarthost_password": PASSWORD}
    return Rig(folder / "service", certificates, zone, smarthost, settings={"egress.default": way}, roles=MAIL)


def _await(rig, number, kind, within=30.0):
    """Return the first event of a kind as soon as the timeline has it."""
    until = time.monotonic() + within
    while True:
        found = [event for event in rig.service.cli("message", "show", number)["events"] if event["kind"] == kind]
        if found:
            return found[0]
        assert time.monotonic() < until, rig.service.log.read_text()[-3000:]
        time.sleep(0.1)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_it_logs_in_under_verified_tls_and_says_sent(public, folder, certificates, zone, scheme):
    tls = certificates.issue("smart.test")
    with (
        PostfixSmarthost(folder / "smart", public, tls=tls, implicit=scheme == "smtps") as smarthost,
        _rig(folder, certificates, zone, smarthost, scheme) as rig,
    ):
        number = rig.send("jane@example.test").rpartition(" ")[2]
        (message,) = smarthost.wait()
        rig.service.drained()
        events = rig.service.cli("message", "show", number)["events"]
        assert [event["kind"] for event in events] == ["queued", "sent"]
        assert f"sasl_username={USER}" in smarthost.log()
        assert signed_by(message, zone, "customer.test")
        assert b"with ESMTPSA" in message.partition(b"\r\n\r\n")[0]
        assert PASSWORD not in rig.service.log.read_text() + str(events)


@pytest.mark.parametrize("offer", ["no_tls", "a_stranger"])
def test_the_password_stays_here_when_nobody_vouches_for_the_host(public, folder, certificates, zone, offer):
    tls = Certificates(folder / "strangers").issue("smart.test") if offer == "a_stranger" else None
    with (
        PostfixSmarthost(folder / "smart", public, tls=tls) as smarthost,
        _rig(folder, certificates, zone, smarthost, "smtp") as rig,
    ):
        number = rig.send("jane@example.test").rpartition(" ")[2]
        event = _await(rig, number, "deferred")
        assert event["reply"]["enhanced"] == {"no_tls": "4.7.4", "a_stranger": "4.7.5"}[offer]
        assert smarthost.messages() == []
        assert "sasl" not in smarthost.log()


def test_on_the_operators_own_network_it_logs_in_without_tls(folder, certificates, dns, root):
    with PostfixSmarthost(folder / "smart", "") as smarthost:
        dns.add([("smart.test", "A", smarthost.address)])
        with _rig(folder, certificates, dns, smarthost, "smtp") as rig:
            rig.send("jane@example.test")
            smarthost.wait()
            assert f"sasl_username={USER}" in smarthost.log()
