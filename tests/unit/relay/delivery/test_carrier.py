import asyncio
import importlib.util
import pathlib
import socket
import ssl
import sys

import pytest
import trustme
import uvloop
from aiosmtpd.controller import Controller

from estafette.config.schema import Egress, Source
from estafette.net.answers import MxAnswer

_spec = importlib.util.spec_from_file_location("delivery_peers", pathlib.Path(__file__).with_name("peers.py"))
peers = sys.modules["delivery_peers"] = importlib.util.module_from_spec(_spec)  # type: ignore[arg-type]  # a file beside
_spec.loader.exec_module(peers)
Peer, Zone, carrier, parcel, polite = peers.Peer, peers.Zone, peers.carrier, peers.parcel, peers.polite


@pytest.fixture(scope="module")
def server_tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("mx.d.test").configure_cert(context)
    return context


async def deliver(script, *addresses, **more):
    async with Peer(script) as peer:
        c = carrier(peer.port)
        try:
            return peer, await c.attempt(parcel(*addresses, **more))
        finally:
            await c.close()


async def test_delivers_and_says_how():
    peer, [outcome] = await deliver(polite())
    assert outcome.verdict == "delivered"
    assert outcome.reply.enhanced == "2.0.0"
    assert outcome.source == "127.0.0.1"
    assert [s.verb for s in outcome.steps] == ["greeting", "ehlo", "mail", "rcpt", "data", "dot"]
    assert peer.messages == [peers.BODY.replace(b"\r\n.dot", b"\r\n..dot") + b".\r\n"]


async def test_reuses_a_connection_up_to_its_cap():
    async with Peer(polite()) as peer:
        c = carrier(peer.port)
        for _ in range(5):
            [outcome] = await c.attempt(parcel(messages_per_connection=2))
            assert outcome.verdict == "delivered"
        await c.close()
        assert peer.sessions == 3


async def test_an_idle_connection_says_goodbye():
    async with Peer(polite()) as peer:
        c = carrier(peer.port)
        await c.attempt(parcel(keep_idle=0.05))
        async with asyncio.timeout(2):
            await peer.left.wait()
        assert b"QUIT" in peer.seen
        await c.close()


async def test_a_connection_closed_while_idle_costs_nothing():
    async def once(peer, talk):
        await talk.say("220 hi")
        await talk.line()
        await talk.say("250-x", "250 PIPELINING")
        for reply in ("250 ok", "250 ok", "354 go"):
            await talk.line()
            await talk.say(reply)
        await talk.body()
        await talk.say("250 ok")
        if peer.sessions > 1:
            await talk.line()
            return
        await talk.line()  # the next MAIL finds a closed door

    async with Peer(once) as peer:
        c = carrier(peer.port)
        await c.attempt(parcel())
        [outcome] = await c.attempt(parcel())
        await c.close()
        assert (outcome.verdict, peer.sessions) == ("delivered", 2)


async def test_without_pipelining_each_command_waits():
    peer, outcomes = await deliver(polite(offer=(), answers={"RCPT TO:<no": "550 5.1.1 no"}), "u@d.test", "no@d.test")
    assert [o.verdict for o in outcomes] == ["delivered", "bounced"]
    assert len(peer.messages) == 1


async def test_partial_refusal_is_per_recipient():
    answers = {"RCPT TO:<no": "550 5.1.1 no such user", "RCPT TO:<later": "450 4.2.0 try again in 5 minutes"}
    _, outcomes = await deliver(polite(answers=answers), "u@d.test", "no@d.test", "later@d.test")
    assert [o.verdict for o in outcomes] == ["delivered", "bounced", "deferred"]
    assert outcomes[2].retry_after == 300.0
    assert {o.phase for o in outcomes[1:]} == {"rcpt"}


async def test_all_refused_with_data_pipelined_gets_a_lone_dot():
    async def lenient(peer, talk):
        await talk.say("220 hi")
        await talk.line()
        await talk.say("250-x", "250 PIPELINING")
        for reply in ("250 ok", "550 5.1.1 no", "354 go"):
            await talk.line()
            await talk.say(reply)
        assert await talk.line() == b"."
        await talk.say("554 5.5.1 no valid recipients")
        assert await talk.line() == b"RSET"
        await talk.say("250 ok")
        for reply in ("250 ok", "250 ok", "354 go"):
            await talk.line()
            await talk.say(reply)
        await talk.body()
        await talk.say("250 ok")
        await talk.line()

    async with Peer(lenient) as peer:
        c = carrier(peer.port)
        [first] = await c.attempt(parcel())
        [second] = await c.attempt(parcel())
        await c.close()
        assert (first.verdict, first.phase, second.verdict) == ("bounced", "rcpt", "delivered")
        assert peer.sessions == 1


@pytest.mark.parametrize("word", ["552 5.5.3 too many recipients", "452 4.5.3 too many recipients"])
async def test_too_many_recipients_are_split_at_once(word):
    async def one_at_a_time(peer, talk):
        await talk.say("220 hi")
        await talk.line()
        await talk.say("250-x", "250 PIPELINING")
        taken = 0
        while True:
            line = await talk.line()
            taken = 0 if line.startswith(b"MAIL") else taken
            if line.startswith(b"RCPT"):
                taken += 1
                await talk.say("250 ok" if taken <= 2 else word)
            elif line == b"DATA":
                await talk.say("354 go")
                await talk.body()
                await talk.say("250 ok")
            elif line == b"QUIT":
                return
            else:
                await talk.say("250 ok")

    peer, outcomes = await deliver(one_at_a_time, *[f"u{n}@d.test" for n in range(5)])
    assert [o.verdict for o in outcomes] == ["delivered"] * 5
    assert (len(peer.messages), peer.sessions) == (3, 1)


async def test_a_full_mailbox_after_an_accepted_recipient_is_not_too_many():
    answers = {"RCPT TO:<b": "552 5.2.2 mailbox full"}
    _, outcomes = await deliver(polite(answers=answers), "a@d.test", "b@d.test")
    assert [(o.verdict, o.reason) for o in outcomes] == [("delivered", ""), ("bounced", "rcpt_refused")]


async def test_attempts_at_once_have_a_connection_each_and_share_them_later():
    async with Peer(polite()) as peer:
        c = carrier(peer.port)
        for _ in range(3):
            outcomes = await asyncio.gather(*[c.attempt(parcel()) for _ in range(4)])
            assert {o.verdict for [o] in outcomes} == {"delivered"}
        await c.close()
        assert (peer.sessions, len(peer.messages)) == (4, 12)


async def test_closing_after_the_dot_is_unknown():
    peer, [outcome] = await deliver(polite(after_dot="close"))
    assert (outcome.verdict, outcome.phase, outcome.reason) == ("unknown", "dot", "lost_after_dot")
    assert peer.sessions == 1


@pytest.mark.parametrize("nonsense", ["150 wait", "650 what", "hello", "25 ok", "250x"])
async def test_nonsense_after_the_dot_is_unknown(nonsense):
    _, [outcome] = await deliver(polite(after_dot=nonsense))
    assert outcome.verdict == "unknown"


@pytest.mark.parametrize("nonsense", ["150 wait", "650 what", "no code at all", "250-a\r\n251 b"])
async def test_nonsense_before_the_dot_defers(nonsense):
    peer, [outcome] = await deliver(polite(answers={"MAIL": nonsense}))
    assert (outcome.verdict, outcome.phase) == ("deferred", "mail")
    assert peer.messages == []


async def test_421_in_the_middle_defers():
    peer, [outcome] = await deliver(polite(answers={"RCPT": "421 4.3.2 going down"}))
    assert (outcome.verdict, outcome.reply.code) == ("deferred", 421)
    assert peer.sessions == 1  # there is only one address


async def test_421_in_the_middle_goes_on_with_the_next_host():
    async def script(peer, talk):
        await polite(answers={"MAIL": "421 4.3.2 busy"} if peer.sessions == 1 else None)(peer, talk)

    zone = Zone(
        {"d.test": [(10, "a.d.test"), (20, "b.d.test")]}, {"a.d.test": ["127.0.0.1"], "b.d.test": ["127.0.0.1"]}
    )
    async with Peer(script) as peer:
        c = carrier(peer.port, zone=zone)
        [outcome] = await c.attempt(parcel())
        await c.close()
        assert (outcome.verdict, peer.sessions) == ("delivered", 2)


async def test_a_goodbye_on_a_kept_connection_is_asked_again_once_on_a_new_one():
    answers = {"NOOP": "250 ok"}
    async with Peer(polite(answers=answers)) as peer:
        c = carrier(peer.port)
        await asyncio.gather(*[c.attempt(parcel()) for _ in range(3)])
        kept, asked = peer.sessions, len([line for line in peer.seen if line.startswith(b"RCPT")])
        answers["RCPT"] = "421 4.3.2 going down"
        [outcome] = await c.attempt(parcel())
        await c.close()
        assert kept > 1
        assert (outcome.verdict, outcome.reply.code) == ("deferred", 421)
        assert peer.sessions == kept + 1
        assert len([line for line in peer.seen if line.startswith(b"RCPT")]) == asked + 2


async def test_endless_reply_is_cut():
    async def endless(peer, talk):
        while True:
            await talk.say("220-still talking")

    _, [outcome] = await deliver(endless)
    assert (outcome.verdict, outcome.reason, outcome.site_failure) == ("deferred", "reply_too_long", True)


async def test_a_trickling_peer_meets_the_deadline():
    async def trickle(peer, talk):
        for octet in b"220 " + b"x" * 5000:
            talk.writer.write(bytes([octet]))
            await talk.writer.drain()
            await asyncio.sleep(0.01)

    started = asyncio.get_running_loop().time()
    _, [outcome] = await deliver(trickle)
    assert (outcome.verdict, outcome.reason, outcome.phase) == ("deferred", "timeout", "greeting")
    assert asyncio.get_running_loop().time() - started < 3


@pytest.mark.parametrize(
    ("greeting", "verdict"), [("554 no service", "deferred"), ("521 never", "bounced"), ("421 busy", "deferred")]
)
async def test_refusing_greetings(greeting, verdict):
    async def refuse(peer, talk):
        await talk.say(greeting)
        await talk.line()

    _, [outcome] = await deliver(refuse)
    assert (outcome.verdict, outcome.phase) == (verdict, "greeting")
    assert outcome.site_failure == (verdict == "deferred")


async def test_falls_back_to_helo():
    peer, [outcome] = await deliver(polite(offer=(), answers={"EHLO": "502 5.5.1 what"}))
    assert outcome.verdict == "delivered"
    assert b"HELO relay.test" in peer.seen


async def test_tls_is_used_when_offered(server_tls):
    _, [outcome] = await deliver(polite(tls=server_tls))
    assert outcome.verdict == "delivered"
    assert "starttls" in [s.verb for s in outcome.steps]


async def test_broken_tls_falls_back_once_and_is_remembered():
    async def broken(talk):
        await talk.reader.read(100)
        talk.writer.write(b"this is not TLS")

    async with Peer(polite(tls=broken)) as peer:
        c = carrier(peer.port)
        [first] = await c.attempt(parcel(keep_idle=0))
        [second] = await c.attempt(parcel(keep_idle=0))
        await c.close()
        assert (first.verdict, second.verdict) == ("delivered", "delivered")
        assert peer.sessions == 3
        assert peer.seen.count(b"STARTTLS") == 1


async def test_octets_behind_the_starttls_reply_end_the_session():
    peer, [outcome] = await deliver(polite(tls=True, answers={"STARTTLS": "220 go\r\n250 injected"}))
    assert (outcome.verdict, outcome.reason) == ("deferred", "starttls_injection")
    assert peer.messages == []


@pytest.mark.parametrize(
    ("offer", "more", "reason", "enhanced"),
    [
        (("SIZE 10",), {}, "too_large", "5.3.4"),
        (("PIPELINING",), {"eight_bit": True}, "eight_bit_unsupported", "5.6.3"),
        (("8BITMIME",), {"eight_bit": True, "smtputf8": True, "body": "Subject: é\r\n\r\nx\r\n".encode()},
         "smtputf8_unsupported", "5.6.7"),
    ],
)  # fmt: skip
async def test_what_the_peer_cannot_take_fails(offer, more, reason, enhanced):
    peer, [outcome] = await deliver(polite(offer=offer), **more)
    assert (outcome.verdict, outcome.reason, outcome.reply.enhanced) == ("failed", reason, enhanced)
    assert not any(line.startswith(b"MAIL") for line in peer.seen)


async def test_dsn_parameters_are_passed_on():
    async with Peer(polite(offer=("DSN", "SIZE", "SMTPUTF8", "8BITMIME"))) as peer:
        c = carrier(peer.port)
        row = peers.delivery(notify=6, orcpt="rfc822;x+40d.test")
        p = parcel(ret="HDRS", envid="abc", smtputf8=True, body_type="8BITMIME")
        p.deliveries = [row]
        [outcome] = await c.attempt(p)
        await c.close()
    assert outcome.reason == "dsn_relayed"
    size = len(peers.BODY)
    assert f"MAIL FROM:<bounce@a.test> SIZE={size} BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=abc".encode() in peer.seen
    assert b"RCPT TO:<u@d.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x+40d.test" in peer.seen


@pytest.mark.parametrize(("offer", "notify"), [(("DSN",), 0), (("DSN",), 4), (("SIZE",), 2)])
async def test_who_did_not_take_the_duty_to_tell_is_not_said_to_have(offer, notify):
    async with Peer(polite(offer=offer)) as peer:
        c = carrier(peer.port)
        p = parcel()
        p.deliveries = [peers.delivery(notify=notify)]
        [outcome] = await c.attempt(p)
        await c.close()
    assert (outcome.verdict, outcome.reason) == ("delivered", "")


async def test_a_large_body_goes_in_pieces():
    body = b"X: y\r\n\r\n" + b"\r\n".join([b".dots"] * 200_000) + b"\r\n"
    pieces = lambda: iter([body[i : i + 65_537] for i in range(0, len(body), 65_537)])  # noqa: E731

    async def script(peer, talk):
        talk.reader._limit = 1 << 24
        await polite(offer=("PIPELINING",))(peer, talk)

    peer, [outcome] = await deliver(script, body=None, pieces=pieces, size=len(body))
    assert outcome.verdict == "delivered"
    assert peer.messages[0].replace(b"\r\n..", b"\r\n.") == body + b".\r\n"


async def test_an_unreadable_body_never_gets_its_dot():
    def pieces():
        yield b"X: y\r\n\r\nabc"
        raise OSError("disk")

    peer, [outcome] = await deliver(polite(), body=None, pieces=pieces, size=100)
    assert (outcome.verdict, outcome.reason) == ("deferred", "body_unreadable")
    assert peer.messages == []


async def test_an_envelope_cannot_break_out_of_its_line():
    peer, [outcome] = await deliver(polite(), "u\r\nDATA@d.test")
    assert (outcome.verdict, outcome.reason) == ("failed", "unsayable_envelope")
    assert b"DATA" not in peer.seen


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1"])
async def test_special_addresses_are_refused(address):
    zone = Zone({"d.test": [(1, "mx.d.test")]}, {"mx.d.test": [address]})
    egress = {"default": Egress(source=[Source(address="::1"), Source(address="127.0.0.1")])}
    c = carrier(9, zone=zone, allow=(), egress=egress)
    [outcome] = await c.attempt(parcel())
    assert (outcome.verdict, outcome.reason, outcome.reply.enhanced) == ("failed", "special_use_address", "5.4.4")


async def test_nobody_listening_defers():
    async with Peer(polite()) as peer:
        port = peer.port
    [outcome] = await carrier(port).attempt(parcel())
    assert (outcome.verdict, outcome.phase, outcome.site_failure) == ("deferred", "connect", True)


@pytest.mark.parametrize(
    ("answer", "verdict", "enhanced", "reason"),
    [
        (MxAnswer("null"), "bounced", "5.1.10", "null_mx"),
        (MxAnswer("nxdomain"), "bounced", "5.1.2", "no_such_domain"),
        (MxAnswer("temporary"), "deferred", "4.4.3", "dns_temporary"),
        (MxAnswer("mx", ((10, "relay.test"), (20, "b.test"))), "failed", "5.4.6", "mail_loop"),
    ],
)
async def test_what_the_dns_decides(answer, verdict, enhanced, reason):
    c = carrier(9, zone=Zone({"d.test": answer}, {}))
    [outcome] = await c.attempt(parcel())
    assert (outcome.verdict, outcome.reply.enhanced, outcome.reason) == (verdict, enhanced, reason)
    assert ((await c.place("d.test")).outcome_for_all is not None) == (verdict == "deferred")


async def test_our_own_address_is_a_loop():
    c = carrier(9, own_addresses=["127.0.0.1"])
    [outcome] = await c.attempt(parcel())
    assert (outcome.verdict, outcome.reply.enhanced) == ("failed", "5.4.6")


async def test_domains_of_one_site_with_other_hosts_get_their_own_sessions():
    zone = Zone(
        {"d.test": [(1, "a.test")], "e.test": [(1, "b.test")]}, {"a.test": ["127.0.0.1"], "b.test": ["127.0.0.1"]}
    )
    async with Peer(polite()) as peer:
        c = carrier(peer.port, zone=zone)
        outcomes = await c.attempt(parcel("x@d.test", "y@e.test"))
        await c.close()
        assert [o.verdict for o in outcomes] == ["delivered", "delivered"]
        assert peer.sessions == 2


async def test_smarthost_logs_in_and_says_sent():
    answers = {"AUTH PLAIN AHVzZXIAc2VjcmV0": "235 2.7.0 welcome"}
    async with Peer(polite(offer=("AUTH PLAIN LOGIN",), answers=answers)) as peer:
        egress = {"default": Egress(smarthost=f"smtp://user@127.0.0.1:{peer.port}", smarthost_password="secret")}
        c = carrier(9, egress=egress, allow=())
        [outcome] = await c.attempt(parcel())
        await c.close()
        assert outcome.verdict == "sent"
        assert c.site_of_smarthost("default") == "127.0.0.1"


async def test_smarthost_with_login_only():
    answers = {"AUTH LOGIN": "334 VXNlcm5hbWU6", "dXNlcg==": "334 UGFzc3dvcmQ6", "c2VjcmV0": "535 5.7.8 no"}
    async with Peer(polite(offer=("AUTH=LOGIN",), answers=answers)) as peer:
        egress = {"default": Egress(smarthost=f"smtp://user@127.0.0.1:{peer.port}", smarthost_password="secret")}
        c = carrier(9, egress=egress)
        [outcome] = await c.attempt(parcel())
        await c.close()
        assert (outcome.verdict, outcome.phase, outcome.reply.code) == ("deferred", "auth", 535)


async def test_capture_plays_the_simulator():
    c = carrier(9, transport="capture")
    names = ["delivered", "bounce", "full", "greylist", "complaint"]
    outcomes = await c.attempt(parcel(*[f"{n}@simulator.test" for n in names], "u@d.test"))
    assert [o.verdict for o in outcomes] == ["delivered", "bounced", "deferred", "deferred", "delivered", "delivered"]
    assert outcomes[4].reason == "simulated_complaint"
    again = parcel()
    again.deliveries = [peers.delivery("greylist@simulator.test", attempts=1)]
    assert (await c.attempt(again))[0].verdict == "delivered"
    assert (await c.place("anything.test")).site == "capture"


async def test_an_independent_server_takes_our_mail():
    class Handler:
        async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802 - aiosmtpd calls it so
            self.content = envelope.original_content
            self.rcpts = envelope.rcpt_tos
            return "250 2.0.0 taken"

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    handler = Handler()
    server = Controller(handler, hostname="127.0.0.1", port=port, ready_timeout=10)
    server.start()
    try:
        c = carrier(port)
        outcomes = [*await c.attempt(parcel("a@d.test", "b@d.test")), *await c.attempt(parcel("c@d.test"))]
        await c.close()
    finally:
        server.stop()
    assert {o.verdict for o in outcomes} == {"delivered"}
    assert handler.content == peers.BODY


@pytest.mark.parametrize(
    "scenario",
    [
        test_delivers_and_says_how,
        test_reuses_a_connection_up_to_its_cap,
        test_a_connection_closed_while_idle_costs_nothing,
        test_all_refused_with_data_pipelined_gets_a_lone_dot,
        test_closing_after_the_dot_is_unknown,
        test_broken_tls_falls_back_once_and_is_remembered,
        test_octets_behind_the_starttls_reply_end_the_session,
        test_a_large_body_goes_in_pieces,
        test_an_unreadable_body_never_gets_its_dot,
        test_a_trickling_peer_meets_the_deadline,
    ],
)
def test_the_loop_of_production_plays_alike(scenario):
    # uvloop lets a reply overtake the task that wrote what it answers; asyncio hardly ever does.
    uvloop.run(scenario())


def test_tls_on_the_loop_of_production(server_tls):
    uvloop.run(test_tls_is_used_when_offered(server_tls))
