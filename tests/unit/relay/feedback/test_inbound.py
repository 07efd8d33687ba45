"""Mail that came in by a route, over a real store: it is told once, and believed to be an answer only on proof."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.contract.kit import START, TestClock, done, mint, submission

from estafette.base.ids import show
from estafette.model.event import Event, pack, unpack
from estafette.model.route import Way
from estafette.relay.feedback.inbound import LOOKED, REFUSED, InboundReader
from estafette.relay.feedback.journeys import Journeys
from estafette.relay.return_desk import ReturnDesk
from estafette.store.ledger import ledger
from estafette.store.open import Store, open_store

OURS = "hello@sender.test"
WAYS: dict[tuple[str, str], Way] = {
    ("sender.test", "r-keep"): "keep",
    ("sender.test", "r-hook"): "webhook",
    ("sender.test", "r-own"): "forward",
}


def letter(*, answers: str = "", sender: str = "ann@example.com", number: int = 1, further: str = "") -> bytes:
    return (
        "Received: from mx.example.com by mx.sender.test; Fri, 15 Jan 2027 08:00:00 +0000\r\n"
        f"From: Ann <{sender}>\r\nTo: {OURS}\r\nMessage-ID: <reply-{number}@example.com>\r\nSubject: Re: hi\r\n"
        f"{f'In-Reply-To: {answers}' + chr(13) + chr(10) if answers else ''}{further}\r\nYes, please.\r\n"
    ).encode()


def our_id(message: int, number: int = 0) -> str:
    return f"<{show(message).lower()}{f'.{number}' if number else ''}@sender.test>"


class Bench:
    def __init__(self, store: Store, clock: TestClock) -> None:
        self.store, self.clock = store, clock

    async def turn(self) -> int:
        journeys = Journeys(self.store.history)
        reader = InboundReader(journeys=journeys, mint=mint, way=lambda domain, route: WAYS.get((domain, route)))
        desk = ReturnDesk(
            spool=self.store.spool, clock=self.clock, readers=(reader,), journeys=journeys, path=lambda _: None
        )
        return await desk.turn()

    async def sent(self, *recipients: str, tenant: str = "t1", **content: Any) -> int:
        given = submission(*recipients, tenant=tenant, **content)
        labels = {"tenant": tenant, "campaign": given.content.campaign, "tags": given.content.tags, "topic": "offers"}
        private = given.content.kind == "personal"
        events = [msgspec.structs.replace(unpack(each), private=private, **labels) for each in given.events]
        await self.store.spool.accept(msgspec.structs.replace(given, events=tuple(pack(each) for each in events)))
        await self.store.spool.settle("w", {}, [done(*row.key) for row in given.deliveries])
        return given.content.id

    async def came(self, body: bytes, *to: str, tenant: str = "t1", route: str = "r-keep", **more: Any) -> int:
        kept = submission(retention=7 * 86400.0, kind="inbound", stream="", tenant=tenant).content
        kept = msgspec.structs.replace(
            kept, body=body, size=len(body), sender="ann@example.com", came_to=to or (OURS,), accepted=START + 60,
            source="192.0.2.9", route=route, **more,
        )  # fmt: skip
        self.clock.moment = START + 60
        await self.store.spool.keep_return(kept, b"")
        return kept.id

    async def told(self, number: int) -> list[Event]:
        await self.store.spool.flush()
        found = await self.store.history.of_message(number)
        return [each for each in found if each.kind not in {"queued", "delivered"}]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    clock = TestClock()
    store = await open_store(f"sqlite://{tmp_path}/d", role="owner", clock=clock, free_disk=0)
    yield Bench(store, clock)
    await store.close()


async def test_each_address_it_came_to_has_an_event_of_the_tenant_and_the_route(bench):
    number = await bench.came(letter(), OURS, "info@sender.test")
    assert await bench.turn() == 1
    first, second = await bench.told(number)
    assert (first.kind, first.tenant, first.stream, first.number, first.recipient) == ("inbound", "t1", "", 1, OURS)
    assert (first.route, first.reason, first.source, first.size) == ("r-keep", "keep", "192.0.2.9", len(letter()))
    assert (second.number, second.recipient) == (2, "info@sender.test")
    assert await bench.turn() == 0


@pytest.mark.parametrize(
    ("route", "handed", "reason"),
    [("r-keep", False, "keep"), ("r-hook", False, "webhook"), ("r-own", True, "forward"), ("r-own", False, REFUSED),
     ("gone", False, "keep"), ("gone", True, "forward")],
)  # fmt: skip
async def test_the_reason_says_what_was_done_with_it(bench, route, handed, reason):
    number = await bench.came(letter(), route=route, handed=handed)
    await bench.turn()
    assert [each.reason for each in await bench.told(number)] == [reason]


async def test_what_the_companys_server_has_is_removed_when_it_is_read_and_the_rest_when_its_time_is_over(bench):
    handed, kept = await bench.came(letter(), route="r-own", handed=True), await bench.came(letter())
    await bench.turn()
    await bench.store.spool.sweep(START + 61)
    assert set(await bench.store.spool.returned([handed, kept])) == {kept}
    await bench.store.spool.sweep(START + 61 + 7 * 86400)
    assert await bench.store.spool.returned([kept]) == {}


async def test_an_answer_is_told_of_the_message_and_recipient_it_answers_with_all_labels(bench):
    message = await bench.sent("bob@example.com", "Ann@Example.com", kind="bulk", campaign="spring", tags=("a",))
    reply = await bench.came(letter(answers=our_id(message)))
    await bench.turn()
    (replied,) = await bench.told(message)
    assert (replied.kind, replied.number, replied.recipient) == ("replied", 2, "Ann@Example.com")
    assert (replied.tenant, replied.campaign, replied.tags, replied.topic) == ("t1", "spring", ("a",), "offers")
    assert (replied.route, replied.source, replied.reply.text) == ("r-keep", show(reply), "<reply-1@example.com>")
    assert [each.kind for each in await bench.told(reply)] == ["inbound"]
    told = await ledger(bench.store.spool, bench.store.history)
    assert told.balanced, told.differences


async def test_an_answer_is_found_by_the_last_of_the_references_and_by_the_id_of_one_recipient(bench):
    old, new = await bench.sent(), await bench.sent()
    further = f"References: {our_id(old)}\r\n <else@where.test>\r\n {our_id(new, 1)}\r\n"
    await bench.came(letter(further=further))
    await bench.turn()
    assert [each.kind for each in await bench.told(new)] == ["replied"]
    assert await bench.told(old) == []


async def test_a_stranger_has_only_a_few_ids_looked_up(bench):
    message = await bench.sent()
    others = [our_id(mint.next()) for _ in range(LOOKED)]
    await bench.came(letter(further=f"References: {our_id(message)}\r\n {' '.join(others)}\r\n"))
    await bench.came(letter(further=f"References: {our_id(message)}\r\n {' '.join(others[1:])}\r\n", number=2))
    await bench.turn()
    assert [each.reply.text for each in await bench.told(message)] == ["<reply-2@example.com>"]


async def test_the_header_alone_is_enough(bench):
    message = await bench.sent()
    body = letter(answers=our_id(message)).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    await bench.came(body, route="r-own", handed=True)
    await bench.turn()
    assert [each.kind for each in await bench.told(message)] == ["replied"]


@pytest.mark.parametrize(
    ("sender", "tenant"), [("mallory@example.com", "t1"), ("ann@example.com", "t2"), ("ann@example.com, x", "t1")]
)
async def test_who_is_no_recipient_or_writes_to_another_company_answers_nothing(bench, sender, tenant):
    message = await bench.sent("ann@example.com")
    number = await bench.came(letter(answers=our_id(message), sender=sender), tenant=tenant)
    await bench.turn()
    assert await bench.told(message) == []
    assert [each.tenant for each in await bench.told(number)] == [tenant]


async def test_an_id_that_nobody_minted_or_of_another_recipient_is_of_nothing(bench):
    message = await bench.sent("ann@example.com", "bob@example.com")
    await bench.came(letter(answers=our_id(message, 2)))
    await bench.came(letter(answers=our_id(message + 1)))
    await bench.turn()
    assert await bench.told(message) == []


async def test_one_answer_to_several_addresses_or_taken_twice_is_told_once_and_a_second_one_again(bench):
    message = await bench.sent()
    await bench.came(letter(answers=our_id(message)))
    await bench.came(letter(answers=our_id(message)), "info@sender.test")
    await bench.turn()
    await bench.came(letter(answers=our_id(message)))
    await bench.turn()
    assert len(await bench.told(message)) == 1
    await bench.came(letter(answers=our_id(message), number=2))
    await bench.turn()
    assert len(await bench.told(message)) == 2


@pytest.mark.parametrize("field", ["Auto-Submitted: auto-replied", "X-Autoreply: yes", "Precedence: auto_reply"])
async def test_the_answer_of_a_program_is_told_as_one(bench, field):
    message = await bench.sent()
    await bench.came(letter(answers=our_id(message), further=f"{field}\r\n"))
    await bench.turn()
    (told,) = await bench.told(message)
    assert (told.kind, told.reason) == ("autoresponded", "auto_reply")


async def test_what_an_answer_quotes_does_not_make_it_one_of_a_program(bench):
    message = await bench.sent()
    body = letter(answers=our_id(message)) + b"> This is an automatic reply: I am out of the office\r\n"
    await bench.came(body)
    await bench.turn()
    assert [each.kind for each in await bench.told(message)] == ["replied"]


async def test_a_header_beyond_all_bounds_is_told_and_concludes_nothing(bench):
    number = await bench.came(b"X: y\r\n" * 2_000 + letter())
    await bench.turn()
    assert [each.kind for each in await bench.told(number)] == ["inbound"]


async def test_an_answer_to_a_persons_letter_stays_private(bench):
    message = await bench.sent(kind="personal")
    await bench.came(letter(answers=our_id(message)))
    await bench.turn()
    assert [each.private for each in await bench.told(message)] == [True]


async def test_a_body_in_a_file_is_read_as_far_as_it_matters(bench):
    message = await bench.sent()
    body = letter(answers=our_id(message)) + b"x" * 78 * 5_000
    number = mint.next()
    writer = await bench.store.spool.content_writer(number)
    writer.write(body)
    await writer.close()
    await bench.came(b"", id=number, file=writer.name)
    await bench.turn()
    assert [each.kind for each in await bench.told(message)] == ["replied"]
