"""Where mail leaves from: each listed source with its own HELO, IPv6 only from a listed IPv6 source; real Postfix."""

import re
import time

import pytest
from tests.servers import loopback
from tests.servers.calendar import until
from tests.servers.dns import DnsServer
from tests.servers.namespace import V4, V6, namespace
from tests.servers.postfix import PostfixSink
from tests.servers.rig import Rig
from tests.servers.service import MAIL

SOURCES = {V4[1]: "out1.relay.test", V4[2]: "out2.relay.test", V6[1]: "out6.relay.test"}


@pytest.fixture
def zone(root, folder, servers):
    with namespace(), DnsServer(folder / "dns") as server:
        yield server


def _rig(folder, certificates, zone, sink, sources):
    rig = Rig(folder / "service", certificates, zone, sink, roles=MAIL)
    with rig.service.config.open("a") as config:
        for address in sources:
            config.write(f'[[egress.default.source]]\naddress = "{address}"\nhelo = "{SOURCES[address]}"\n')
    return rig


def _sink(folder, address, certificates):
    tls = certificates.issue("mx.example.test")
    settings = {"inet_protocols": "all"}
    return PostfixSink(
        folder / "mx", domains=("example.test",), tls=tls, port=loopback.port(), address=address, settings=settings
    )


def _left_from(message):
    """Return (HELO, address) as Postfix saw them."""
    match = re.search(rb"Received: from (\S+) \(unknown \[(?:IPv6:)?([0-9a-f.:]+)\]\)", message)
    return match[1].decode(), match[2].decode()


def test_every_source_takes_its_turn_under_its_own_name(zone, folder, certificates):
    with (
        _sink(folder, V4[0], certificates) as sink,
        _rig(folder, certificates, zone, sink, [V4[1], V4[2]]) as rig,
    ):
        zone.mail_exchanger("example.test", V4[0])
        rig.service.run("queue", "hold", "--all")
        for _ in range(6):
            rig.send("jane@example.test")
        rig.service.run("queue", "release", "--all")
        seen = {_left_from(message) for message in sink.wait(6)}
        assert seen == {(SOURCES[address], address) for address in V4[1:]}


def test_ipv6_is_used_when_a_source_of_it_is_listed(zone, folder, certificates):
    with (
        _sink(folder, V6[0], certificates) as sink,
        _rig(folder, certificates, zone, sink, [V4[1], V6[1]]) as rig,
    ):
        zone.add([("example.test", "MX", "10 mx.example.test."), ("mx.example.test", "AAAA", V6[0])])
        rig.send("jane@example.test")
        assert _left_from(sink.wait()[0]) == (SOURCES[V6[1]], V6[1])


def test_without_one_it_is_not_and_the_sender_is_told_why(zone, folder, certificates):
    with _sink(folder, V6[0], certificates) as sink, _rig(folder, certificates, zone, sink, [V4[1]]) as rig:
        zone.add([("example.test", "MX", "10 mx.example.test."), ("mx.example.test", "AAAA", V6[0])])
        number = rig.send("jane@example.test").rpartition(" ")[2]
        rig.service.drained()
        (event,) = _ends(rig, number)
        assert event["kind"] == "failed"
        assert "IPv6" in event["reply"]["text"]
        assert sink.messages() == []


def _ends(rig, number, within=20.0):
    until = time.monotonic() + within
    while True:
        events = rig.service.cli("message", "show", number)["events"]
        found = [event for event in events if event["kind"] != "queued"]
        if found or time.monotonic() > until:
            return found
        time.sleep(0.1)


def test_an_address_that_a_provider_refuses_rests_and_the_other_takes_over(zone, folder, certificates):
    refusal = f"{V4[1]} = REJECT Service unavailable; Client host blocked using zen.spamhaus.org"
    sink = _sink(folder, V4[0], certificates)
    sink._settings["smtpd_client_restrictions"] = f"check_client_access inline:{{ {{ {refusal} }} }}"
    with sink, _rig(folder, certificates, zone, sink, [V4[1], V4[2]]) as rig:
        zone.mail_exchanger("example.test", V4[0])
        rig.service.run("queue", "hold", "--all")
        for _ in range(6):
            rig.send("jane@example.test")
        rig.service.run("queue", "release", "--all")
        assert {_left_from(message)[1] for message in sink.wait(6)} == {V4[2]}
        refused = [event for event in rig.service.events() if event["kind"] == "deferred"]
        assert refused
        assert {(event["source"], event["reason"]) for event in refused} == {(V4[1], "source_refused")}
        assert {(event["category"], event["scope"]) for event in refused} == {("ip_blocklisted", "source_ip")}
        assert "source_rests" in rig.service.log.read_text()

        until(lambda: list(rig.service.data.glob("rests/*.json")))
        rig.service.kill()
        rig.service.start()
        for _ in range(4):
            rig.send("jane@example.test")
        assert {_left_from(message)[1] for message in sink.wait(10)} == {V4[2]}
        asked_again = [event for event in rig.service.events() if event["kind"] == "deferred"]
        assert len(asked_again) == len(refused)
