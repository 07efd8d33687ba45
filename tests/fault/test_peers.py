"""Hostile receiving servers, played by the kit; the service keeps its mail, and another server gets it."""

import time

import pytest
from tests.servers.letters import letter, submit
from tests.servers.service import Service

from estafette.testing import BreakTls, Close, Drip, Endless, FakeZones, Lame, Mute, Raw, ScriptedMx, ServerFailure

_OFFER = "250-mx.scripted.test\r\n250-STARTTLS\r\n250 8BITMIME"


def _serve(folder, certificates, zones, port, **settings):
    service = Service(folder, certificates, dns=zones.at, mx_port=port, settings=settings)
    service.made = service.prepare()
    return service


def _until(condition, within=30.0):
    until = time.monotonic() + within
    while not condition():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.1)


PEERS = {
    "closes after the dot": {"DOT": [Close(), "250 2.0.0 ok"]},
    "closes at the greeting": {"GREETING": [Close(reset=True), "220 better"]},
    "malformed reply": {"MAIL": [Raw(b"hello?\r\n"), "250 ok"]},
    "malformed multi-line": {"EHLO": [Raw(b"250-a\r\n550 b\r\n"), "250 mx"]},
    "endless reply": {"EHLO": [Endless(), "250 mx"]},
    "slow octets": {"RCPT": [Drip("451 4.3.0 slow", 0.05), "250 ok"]},
    "bare LF and NUL": {"RCPT": [Raw(b"250 o\0k\nDATA\r\n"), "250 ok"]},
    "breaks TLS": {"EHLO": _OFFER, "STARTTLS": BreakTls()},
}


@pytest.mark.parametrize("name", PEERS)
def test_mail_reaches_the_peer_in_the_end(folder, certificates, name):
    with ScriptedMx(PEERS[name], "127.0.0.1") as mx, FakeZones({}) as zones:
        zones.zones |= {"odd.test": {"MX": ("10 mx.odd.test.",)}, "mx.odd.test": {"A": (mx.at[0],)}}
        retry = {"retry": ["1s"]}
        with _serve(folder / "s", certificates, zones, mx.at[1], delivery=retry) as service:
            service.start()
            submit(service, service.made, letter("shop@customer.test", "jane@odd.test"), ["jane@odd.test"])
            wanted = 2 if name == "closes after the dot" else 1
            if wanted == 2:
                _until(lambda: mx.messages)
                service.run("queue", "retry", "--all")
            _until(lambda: len(mx.messages) >= wanted)
            service.drained()


@pytest.mark.parametrize("fault", [ServerFailure(), Mute(), Lame()], ids=["servfail", "timeout", "lame"])
def test_broken_dns_only_delays(folder, certificates, fault):
    with ScriptedMx({}, "127.0.0.1") as mx, FakeZones({"odd.test": fault}) as zones:  # noqa: SIM117 - settings need both ports
        with _serve(folder / "s", certificates, zones, mx.at[1], delivery={"retry": ["1s"]}) as service:
            service.start()
            submit(service, service.made, letter("shop@customer.test", "jane@odd.test"), ["jane@odd.test"])
            _until(lambda: zones.asked)
            assert len(service.waiting()) == 1
            zones.zones |= {"odd.test": {"MX": ("10 mx.odd.test.",)}, "mx.odd.test": {"A": (mx.at[0],)}}
            _until(lambda: mx.messages, 60)
            service.drained()


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.1.1"])
def test_an_mx_in_a_special_range_is_refused(folder, certificates, address):
    zones = {"odd.test": {"MX": ("10 mx.odd.test.",)}, "mx.odd.test": {"A": (address,)}}
    with ScriptedMx({}, "127.0.0.1") as mx, FakeZones(zones) as fake:  # noqa: SIM117 - settings need both ports
        with _serve(folder / "s", certificates, fake, mx.at[1], delivery={"allow_networks": []}) as service:
            service.start()
            submit(service, service.made, letter("shop@customer.test", "jane@odd.test"), ["jane@odd.test"])
            service.drained()
            (failed,) = service.events(kind="failed")
            assert failed["reason"] == "special_use_address"
            assert mx.conversations == []
