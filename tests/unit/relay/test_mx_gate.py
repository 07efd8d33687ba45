"""The mx gate with what real servers do only on a bad day; on good ones see tests/integration/test_inbound.py."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from itertools import count
from typing import Any, cast

import pytest
from msgspec.structs import replace

from estafette.base.errors import Refusal, StoreFault
from estafette.base.ids import Mint
from estafette.base.seal import Keyring
from estafette.mail import verp
from estafette.model.address import parse_path
from estafette.model.envelope import Envelope, Recipient
from estafette.model.route import Route
from estafette.net.resolver import Resolver
from estafette.relay.inbound.forwarding import SESSIONS, Forwarding
from estafette.relay.inbound.keeping import Keeping
from estafette.relay.inbound.screening import Screening
from estafette.relay.mx_gate import MxGate, MxVisit
from estafette.relay.submission.client import ClientInfo
from estafette.relay.submission.return_gate import MAC_PURPOSE, MacedReturnPathGate
from estafette.smtp.events import MailFrom
from estafette.testing.behaviour import Close, Hangup
from estafette.testing.mx import ScriptedMx

BODY = b"From: ann@far.test\r\nTo: x\r\n\r\nHello\r\n"
CLIENT = ClientInfo(address="192.0.2.9", helo="far.test", hostname="mx1.us.test")
_NUMBERS = count(77)
_VISITS: list[MxVisit] = []


@pytest.fixture(autouse=True)
async def _left() -> AsyncIterator[None]:
    """Leave every server before the loop ends."""
    yield
    while _VISITS:
        _VISITS.pop().abandon()
    for _ in range(3):
        await asyncio.sleep(0)


class Shelf:
    """Keeps what the gate hands to the spool, or cannot."""

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self.broken = False

    async def keep_return(self, content: Any, _event: bytes) -> None:
        if self.broken:
            raise StoreFault("the disk is gone")
        assert content.id not in {each.id for each in self.kept}
        self.kept.append(content)


class Clock:
    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)


class House:
    """A gate over a shelf, and one transaction after the other."""

    def __init__(self, ring: Keyring, *routes: tuple[str, str, str], own: tuple[tuple[str, int], ...] = ()) -> None:
        self.shelf = Shelf()
        self.ring = ring
        spool, mint, clock = cast("Any", self.shelf), Mint(time.time), Clock()
        made = tuple(
            Route(id=pattern, tenant="t" if target else "u", domain="co.test", pattern=pattern, way=way, target=target)  # type: ignore[arg-type]
            for pattern, way, target in routes
        )
        self.gate = MxGate(
            returns=MacedReturnPathGate(
                spool=spool, keyring=ring, clock=clock, mint=mint, hostname="mx1.us.test", return_path="back.us.test"
            ),
            routes=lambda domain: made if domain == "co.test" else (),
            forwarding=Forwarding(Resolver([("127.0.0.1", 9)]), hostname="mx1.us.test", allow=["127.0.0.0/8"], own=own),
            screening=Screening("mx1.us.test"), keeping=Keeping(spool, mint, 60.0), clock=clock,
        )  # fmt: skip

    def begin(self, **mail: Any) -> MxVisit:
        visit = self.gate.transaction(MailFrom(parse_path("ann@far.test"), **mail), CLIENT)
        _VISITS.append(visit)
        return visit

    @property
    def path(self) -> str:
        return verp.make(partial(self.ring.mac, MAC_PURPOSE), 1 << 40, 7, "back.us.test")


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return Keyring.create(tmp_path_factory.mktemp("ring") / "keyring")


async def ask(visit: MxVisit, address: str) -> str:
    """Return the answer to a recipient, "" for yes."""
    parsed = parse_path(address)
    try:
        waiting = visit.check_recipient(parsed, Recipient(address, parsed.domain))
        if waiting is not None:
            await waiting
    except Refusal as refusal:
        return str(refusal)
    return ""


async def end(visit: MxVisit, *addresses: str, body: bytes = BODY) -> str:
    """Return the answer to the message, "" for yes."""
    envelope = Envelope("ann@far.test", tuple(Recipient(each, each.rpartition("@")[2]) for each in addresses))
    try:
        await visit.finish(envelope, body, replace(CLIENT, message=next(_NUMBERS)))
    except Refusal as refusal:
        return str(refusal)
    finally:
        visit.abandon()
    return ""


def target(server: ScriptedMx, scheme: str = "smtp") -> str:
    return f"{scheme}://{server.at[0]}:{server.at[1]}"


async def test_keep_and_webhook_are_kept_whole_each_for_its_route_and_tenant(ring):
    house = House(ring, ("keep", "keep", ""), ("hook*", "webhook", "https://hook.test/"), ("no", "reject", ""))
    visit = house.begin()
    addresses = ["keep@co.test", "hook1@co.test", "HOOK2@co.test", house.path]
    assert [await ask(visit, each) for each in addresses] == [""] * 4
    assert await ask(visit, "no@co.test") == "550 5.7.1 this address takes no mail"
    assert await ask(visit, "nobody@co.test") == "550 5.1.1 no such address here"
    assert await ask(visit, "nobody@else.test") == "550 5.7.1 relaying denied"
    assert await end(visit, *addresses) == ""
    kept = {each.route: each for each in house.shelf.kept}
    assert kept["keep"].came_to == ("keep@co.test",)
    assert kept["hook*"].came_to == ("hook1@co.test", "HOOK2@co.test")
    assert (kept["keep"].tenant, kept["hook*"].tenant, kept["hook*"].kind) == ("u", "t", "inbound")
    assert (kept[""].kind, kept[""].came_to) == ("return", (house.path,))
    assert kept["keep"].body.startswith(b"Received: from far.test ([192.0.2.9])")
    assert kept["keep"].body.endswith(b"Authentication-Results: mx1.us.test; none\r\n" + BODY)
    assert not kept["keep"].handed
    assert min(each.id for each in house.shelf.kept) < 10_000  # one has the id that the sender is told


async def test_a_store_that_keeps_nothing_is_no_yes(ring):
    house = House(ring, ("*", "keep", ""))
    house.shelf.broken = True
    visit = house.begin()
    assert await ask(visit, "a@co.test") == ""
    with pytest.raises(StoreFault):
        await end(visit, "a@co.test")


async def test_of_what_was_handed_over_the_header_is_kept(ring):
    with ScriptedMx({}) as server:
        house = House(ring, ("*", "forward", target(server)))
        visit = house.begin(size=40, body="8BITMIME")
        assert await ask(visit, "a@co.test") == ""
        assert await end(visit, "a@co.test") == ""
        (conversation,) = server.conversations
        assert conversation.commands[1:4] == [
            b"MAIL FROM:<ann@far.test> SIZE=40 BODY=8BITMIME", b"RCPT TO:<a@co.test>", b"DATA"
        ]  # fmt: skip
        assert server.messages[0].endswith(BODY)
    (kept,) = house.shelf.kept
    assert (kept.handed, kept.came_to, kept.route, kept.size) == (True, ("a@co.test",), "*", len(server.messages[0]))
    assert kept.body.endswith(b"To: x\r\n\r\n")


async def test_what_the_server_has_is_taken_though_the_store_is_gone(ring):
    with ScriptedMx({}) as server:
        house = House(ring, ("*", "forward", target(server)))
        house.shelf.broken = True
        visit = house.begin()
        assert await ask(visit, "a@co.test") == ""
        assert await end(visit, "a@co.test") == ""


@pytest.mark.parametrize(
    ("script", "at_rcpt", "at_end"),
    [
        ({"GREETING": "554 5.7.1 go away"}, "451 4.4.1", ""), ({"GREETING": Close()}, "451 4.4.1", ""),
        ({"EHLO": "421 4.3.2 closing"}, "451 4.4.1", ""), ({"GREETING": "HTTP/1.1 400 what"}, "451 4.4.1", ""),
        ({"MAIL": "550 5.1.8 no such sender"}, "550 5.1.8 no such sender", ""),
        ({"MAIL": Close()}, "451 4.4.2", ""), ({"RCPT": "450 4.2.1 later"}, "450 4.2.1 later", ""),
        ({"RCPT": "550 no"}, "550 5.0.0 no", ""), ({"RCPT": "550 4.1.1 no"}, "550 5.0.0 4.1.1 no", ""),
        ({"RCPT": "421 4.3.2 closing"}, "451 4.3.2 closing", ""), ({"RCPT": "354 what"}, "451 4.4.2", ""),
        ({"RCPT": "250 ok\r\n250 ok"}, "", "451 4.4.2"),
        ({"DATA": "503 5.5.1 no"}, "", "503 5.5.1 no"), ({"DATA": Close()}, "", "451 4.4.2"),
        ({"DOT": "554 5.7.1 spam"}, "", "554 5.7.1 spam"), ({"DOT": Close()}, "", "451 4.4.2"),
        ({"DOT": "552 5.2.2 full"}, "", "552 5.2.2 full"), ({"EHLO": "250-x\r\n250 SIZE 20"}, "", "552 5.3.4"),
    ],
)  # fmt: skip
async def test_its_answer_is_ours(ring, script, at_rcpt, at_end):
    with ScriptedMx(script) as server:
        house = House(ring, ("*", "forward", target(server)))
        visit = house.begin()
        said = await ask(visit, "a@co.test")
        assert said.startswith(at_rcpt)
        assert bool(said) == bool(at_rcpt)
        if not at_rcpt:
            said = await end(visit, "a@co.test")
            assert said.startswith(at_end)
            assert said
    assert house.shelf.kept == []


async def test_a_server_without_eight_bits_gets_none(ring):
    with ScriptedMx({"EHLO": "250 plain"}) as server:
        house = House(ring, ("*", "forward", target(server)))
        visit = house.begin(body="8BITMIME")
        assert await ask(visit, "a@co.test") == ""
        assert (await end(visit, "a@co.test", body=BODY + "é\r\n".encode())).startswith("554 5.6.3 ")


async def test_one_destination_and_the_first_who_is_taken_chooses_it(ring):
    with ScriptedMx({"RCPT": ["550 5.1.1 no", "250 ok", "250 ok"]}) as one, ScriptedMx({}) as two:
        house = House(ring, ("one*", "forward", target(one)), ("two", "forward", target(two)), ("k", "keep", ""))
        visit = house.begin()
        assert await ask(visit, "one@co.test") == "550 5.1.1 no"
        assert await ask(visit, "two@co.test") == ""
        assert (await ask(visit, "one2@co.test")).startswith("452 4.5.3 ")
        assert (await ask(visit, "k@co.test")).startswith("452 4.5.3 ")
        assert (await ask(visit, house.path)).startswith("452 4.5.3 ")
        assert await end(visit, "two@co.test") == ""
        other = house.begin()
        assert await ask(other, "k@co.test") == ""
        assert (await ask(other, "two@co.test")).startswith("452 4.5.3 ")
        assert await end(other, "k@co.test") == ""
    assert [each.came_to for each in house.shelf.kept] == [("two@co.test",), ("k@co.test",)]


LMTP = {"LHLO": "250-box.test\r\n250 8BITMIME"}


@pytest.mark.parametrize(
    ("dots", "said", "handed", "parked"),
    [
        ("250 2.0.0 a\r\n250 2.0.0 b", "", {"a", "b"}, set()), ("550 5.2.1 a\r\n552 5.2.2 b", "550 5.2.1 a", set(), set()),
        ("250 2.0.0 a\r\n552 5.2.2 b", "", {"a"}, {"b"}), ("552 5.2.2 a\r\n250 2.0.0 b", "", {"b"}, {"a"}),
        ("250 2.0.0 a\r\n452 4.2.2 b", "452 4.2.2 b", {"a"}, set()), ("550 5.2.1 a\r\n452 4.2.2 b", "452 4.2.2 b", set(), set()),
    ],
)  # fmt: skip
async def test_mixed_answers_of_lmtp(ring, dots, said, handed, parked):
    with ScriptedMx(LMTP | {"DOT": dots}) as server:
        house = House(ring, ("*", "forward", target(server, "lmtp")))
        visit = house.begin()
        assert [await ask(visit, each) for each in ("a@co.test", "b@co.test")] == ["", ""]
        assert await end(visit, "a@co.test", "b@co.test") == said
    found = {(local.partition("@")[0], each.handed) for each in house.shelf.kept for local in each.came_to}
    assert found == {(each, True) for each in handed} | {(each, False) for each in parked}
    assert all(each.body.endswith(BODY) for each in house.shelf.kept if not each.handed)


async def test_who_has_it_is_passed_over_when_it_comes_again(ring):
    with ScriptedMx(LMTP | {"DOT": ["250 2.0.0 a\r\n452 4.2.2 b", "250 2.0.0 b"]}) as server:
        house = House(ring, ("*", "forward", target(server, "lmtp")))
        for answer in ("452 4.2.2 b", "", ""):
            visit = house.begin()
            assert [await ask(visit, each) for each in ("a@co.test", "b@co.test")] == ["", ""]
            assert await end(visit, "a@co.test", "b@co.test") == answer
            if not answer:  # as if b's turn had been mixed too
                house.gate.handed.note("ann@far.test", ["b@co.test"], BODY, time.monotonic())
        assert len(server.messages) == 2
        again = server.conversations[1].commands
        assert again[again.index(b"RSET") :][1:3] == [b"MAIL FROM:<ann@far.test>", b"RCPT TO:<b@co.test>"]
    assert [each.came_to for each in house.shelf.kept] == [("a@co.test",), ("b@co.test",)]


class Half:
    """Answers for the first recipient and is gone."""

    def play(self, line: Any, _over: Any) -> None:
        line.sendall(b"250 2.0.0 a\r\n")
        raise Hangup


async def test_whom_an_lmtp_server_leaves_unanswered_is_tried_again(ring):
    with ScriptedMx(LMTP | {"DOT": cast("Any", Half())}) as server:
        house = House(ring, ("*", "forward", target(server, "lmtp")))
        visit = house.begin()
        assert [await ask(visit, each) for each in ("a@co.test", "b@co.test")] == ["", ""]
        assert (await end(visit, "a@co.test", "b@co.test")).startswith("451 4.4.2 ")
    assert [each.came_to for each in house.shelf.kept] == [("a@co.test",)]


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "[::1]", "192.168.1.1"])
async def test_no_route_leads_inside(ring, address):
    house = House(ring, ("*", "forward", f"smtp://{address}:25"))
    assert (await ask(house.begin(), "a@co.test")).startswith("451 4.3.5 ")


@pytest.mark.parametrize("local", ["victim%far.test", "far.test!victim", '"victim@far.test"'])
async def test_no_pattern_takes_an_address_that_leads_onwards(ring, local):
    house = House(ring, ("*", "keep", ""))
    assert await ask(house.begin(), f"{local}@co.test") == "550 5.7.1 relaying denied"


async def test_a_slow_server_does_not_hold_all_sessions(ring):
    with ScriptedMx({}) as server:
        house = House(ring, ("*", "forward", target(server)))
        visits = [house.begin() for _ in range(SESSIONS + 1)]
        said = [await ask(visit, "a@co.test") for visit in visits]
        assert said[:-1] == [""] * SESSIONS
        assert said[-1].startswith("451 4.3.2 ")
        visits[0].abandon()
        assert await ask(house.begin(), "a@co.test") == ""


async def test_tls_that_breaks_is_done_without(ring):
    with ScriptedMx({"EHLO": "250-x\r\n250 STARTTLS", "STARTTLS": "220 go on"}) as server:
        house = House(ring, ("*", "forward", target(server)))
        visit = house.begin()
        assert await ask(visit, "a@co.test") == ""
        assert await end(visit, "a@co.test") == ""
        first, second = server.conversations
        assert b"STARTTLS" in first.commands
        assert b"STARTTLS" not in second.commands


async def test_no_route_leads_back_to_us(ring):
    with ScriptedMx({}) as server:
        for own in (server.at, ("0.0.0.0", server.at[1])):
            house = House(ring, ("*", "forward", target(server)), own=(own,))
            assert (await ask(house.begin(), "a@co.test")).startswith("451 4.3.5 ")
        assert server.conversations == []


async def test_a_message_without_a_header_keeps_its_first_line(ring):
    house = House(ring, ("*", "keep", ""))
    visit = house.begin()
    await ask(visit, "a@co.test")
    assert await end(visit, "a@co.test", body=b"Hello there\r\n") == ""
    assert house.shelf.kept[0].body.endswith(b"none\r\n\r\nHello there\r\n")


async def test_a_route_that_names_an_address_goes_before_our_own_use_of_it(ring):
    house = House(ring, ("postmaster", "keep", ""), ("*", "reject", "closed"))
    house.gate.returns.takes = lambda address: address.local in {"postmaster", "abuse"}
    visit = house.begin()
    assert [await ask(visit, f"{each}@co.test") for each in ("postmaster", "abuse")] == ["", ""]
    assert await end(visit, "postmaster@co.test", "abuse@co.test") == ""
    assert {each.kind: each.came_to for each in house.shelf.kept} == {
        "inbound": ("postmaster@co.test",), "return": ("abuse@co.test",)
    }  # fmt: skip
