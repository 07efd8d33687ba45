"""An address that a provider refuses rests there, and the mail goes on from another one at once."""

import importlib.util
import pathlib
import sys

import pytest

from estafette.config.schema import Egress, Source

_spec = importlib.util.spec_from_file_location("refused_peers", pathlib.Path(__file__).with_name("peers.py"))
peers = sys.modules["refused_peers"] = importlib.util.module_from_spec(_spec)  # type: ignore[arg-type]  # a file beside
_spec.loader.exec_module(peers)

ONE, TWO = "127.0.0.1", "127.0.0.2"
LISTED = "554 5.7.1 Service unavailable; Client host [127.0.0.1] blocked using zen.spamhaus.org"
#: The provider's hosts: a second one is there to be asked from the other address.
ZONE = peers.Zone(
    {"d.test": [(10, "mx.d.test"), (20, "mx2.d.test")]}, {"mx.d.test": ["127.0.0.1"], "mx2.d.test": ["127.0.0.1"]}
)


class Picky:
    """Refuses one address at a step, as a provider with a blocklist does, and takes all others' mail."""

    def __init__(self, step, refused=(ONE,), reply=LISTED):
        self.step, self.refused, self.reply = step, refused, reply
        self.callers = []

    async def __call__(self, peer, talk):
        address = talk.writer.get_extra_info("peername")[0]
        self.callers.append(address)
        if address not in self.refused:
            await peers.polite()(peer, talk)
        elif self.step == "connect":
            await talk.say(self.reply)
        else:
            await peers.polite(answers={self.step: self.reply})(peer, talk)


async def deliver(picky, *parcels, sources=(ONE, TWO), zone=ZONE):
    async with peers.Peer(picky) as peer:
        egress = {"default": Egress(source=[Source(address=each) for each in sources])}
        carrier = peers.carrier(peer.port, zone=zone, egress=egress)
        try:
            return [await carrier.attempt(parcel) for parcel in parcels]
        finally:
            await carrier.close()


@pytest.mark.parametrize("step", ["connect", "MAIL", "RCPT"])
async def test_another_address_takes_over_at_once(step):
    picky = Picky(step)
    [[outcome]] = await deliver(picky, peers.parcel())
    assert (outcome.verdict, outcome.source) == ("delivered", TWO)
    assert picky.callers[-1] == TWO


async def test_the_refused_address_is_not_used_there_again():
    picky = Picky("MAIL")
    ends = await deliver(picky, *[peers.parcel(keep_idle=0) for _ in range(6)])
    assert [each.verdict for [each] in ends] == ["delivered"] * 6
    assert picky.callers.count(ONE) == 1


async def test_a_provider_with_one_host_is_asked_again_soon():
    zone = peers.Zone({"d.test": [(10, "mx.d.test")]}, {"mx.d.test": ["127.0.0.1"]})
    [[first], [second]] = await deliver(Picky("RCPT"), peers.parcel(), peers.parcel(), zone=zone)
    assert (first.verdict, first.reason, first.retry_after) == ("deferred", "source_refused", 0.0)
    assert (first.category, first.scope) == ("ip_blocklisted", "source_ip")
    assert (second.verdict, second.source) == ("delivered", TWO)


async def test_where_every_address_is_refused_the_mail_bounces_as_it_was_said():
    [[outcome]] = await deliver(Picky("RCPT", refused=(ONE, TWO)), peers.parcel())
    assert (outcome.verdict, outcome.reply.code, outcome.category) == ("bounced", 554, "ip_blocklisted")


async def test_a_single_address_bounces_as_it_was_said_and_never_rests():
    picky = Picky("RCPT")
    [[first], [second]] = await deliver(picky, peers.parcel(), peers.parcel(), sources=(ONE,))
    assert [first.verdict, second.verdict] == ["bounced", "bounced"]
    assert set(picky.callers) == {ONE}


async def test_what_is_about_the_recipient_moves_no_address():
    picky = Picky("RCPT", reply="550 5.1.1 User unknown")
    [[first], [second]] = await deliver(picky, peers.parcel(keep_idle=0), peers.parcel(keep_idle=0))
    assert (first.verdict, first.category, first.scope) == ("bounced", "invalid_recipient", "recipient")
    assert first.rule == "text.invalid_recipient@1"
    assert second.verdict == "delivered"
    assert picky.callers == [ONE, TWO], "the addresses go on taking turns"


async def test_after_a_restart_the_refused_address_is_not_used_there_either():
    picky = Picky("MAIL")
    async with peers.Peer(picky) as peer:
        egress = {"default": Egress(source=[Source(address=each) for each in (ONE, TWO)])}
        first, second = (peers.carrier(peer.port, zone=ZONE, egress=egress) for _ in range(2))
        try:
            await first.attempt(peers.parcel())
            second.resume(first.resting())
            before = len(picky.callers)
            for _ in range(3):
                [outcome] = await second.attempt(peers.parcel())
                assert outcome.verdict == "delivered"
        finally:
            await first.close()
            await second.close()
    assert set(picky.callers[before:]) == {TWO}
