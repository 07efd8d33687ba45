"""A peer, or somebody between, that says more than 220 to STARTTLS: RFC 3207 section 6."""

import pytest
from tests.servers.letters import letter, submit
from tests.servers.service import Service

from estafette.testing import FakeZones, Raw, ScriptedMx

_OFFER = "250-mx.odd.test\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME"
INJECTED = {
    "a reply for the first command": b"250 2.0.0 injected\r\n",
    "a whole conversation": b"250 injected\r\n" * 3 + b"354 injected\r\n250 2.0.0 injected\r\n",
    "an offer": b"250-mx.odd.test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n",
    "half a reply": b"250-inj",
}


def _ended(service: Service) -> list[dict[str, object]]:
    return [event for event in service.events() if event["kind"] in {"deferred", "delivered", "bounced", "failed"}]


@pytest.mark.parametrize("name", INJECTED)
def test_nothing_goes_in_clear_and_no_injected_reply_is_believed(folder, certificates, name):
    zones = {"odd.test": {"MX": ("10 mx.odd.test.",)}, "mx.odd.test": {"A": ("127.0.0.1",)}}
    script = {"EHLO": _OFFER, "STARTTLS": Raw(b"220 2.0.0 go ahead\r\n" + INJECTED[name])}
    with FakeZones(zones) as fake:
        with ScriptedMx(script) as bad:
            port = bad.at[1]
            service = Service(folder / "s", certificates, dns=fake.at, mx_port=port, settings={})
            made = service.prepare()
            service.start()
            submit(service, made, letter("shop@customer.test", "jane@odd.test"), ["jane@odd.test"])
            while not (found := _ended(service)):
                assert service.running
            assert (found[0]["kind"], found[0]["reason"]) == ("deferred", "starttls_injection")
            said = {command.split()[0].upper() for each in bad.conversations for command in each.commands}
            assert said == {b"EHLO", b"STARTTLS"}
            assert bad.messages == []
        tls = certificates.server("mx.odd.test")
        with service, ScriptedMx({"EHLO": _OFFER}, port=port, tls=tls) as good:
            service.run("queue", "retry", "--all")
            service.drained()
            assert len(good.messages) == 1
            assert all(each.encrypted for each in good.conversations if each.messages)
            assert b"injected" not in service.run("events").stdout.partition(b"delivered")[2]
