"""From a kept message to what comes of it, over a real store: once, by the MAC alone, also when it stops anywhere."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.contract.kit import START, TestClock, done, event, mint, submission

from estafette.base.errors import StoreUnavailable
from estafette.base.ids import show
from estafette.base.metrics import REGISTRY
from estafette.mail import verp
from estafette.model.envelope import NOTIFY_FAILURE, NOTIFY_NEVER
from estafette.model.event import LATE, Event, pack, unpack
from estafette.model.message import Asked
from estafette.model.stream import Stream
from estafette.relay.feedback.journeys import Journeys
from estafette.relay.feedback.notices import compose
from estafette.relay.feedback.reports import ReportReader
from estafette.relay.feedback.returned import Returned, Taken
from estafette.relay.notice_desk import NoticeDesk
from estafette.relay.return_desk import HELD, SETTLING, ReturnDesk
from estafette.store.ledger import ledger
from estafette.store.open import Store, open_store

OWN = "bounces.service.test"


def mac(data: bytes) -> bytes:
    return hmac.digest(b"key", data, hashlib.sha256)[:16]


def path_of(address: str) -> tuple[int, int] | None:
    return verp.read(lambda data, tag: hmac.compare_digest(mac(data), tag), address, OWN)


def report(
    recipient: str, *, action: str = "failed", status: str = "5.1.1", said: str = "550 5.1.1 no such user",
    quoted: str = "", further: str = "",
) -> bytes:  # fmt: skip
    return (
        "From: MAILER-DAEMON@mx.remote.test\r\nContent-Type: multipart/report; boundary=b\r\n\r\n"
        "--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.remote.test\r\n\r\nFinal-Recipient: rfc822; {recipient}\r\nAction: {action}\r\n"
        f"Status: {status}\r\nDiagnostic-Code: smtp; {said}\r\nRemote-MTA: dns; inner.remote.test\r\n{further}"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{quoted}Subject: hi\r\n--b--\r\n"
    ).encode()


class Bench:
    def __init__(self, store: Store, clock: TestClock) -> None:
        self.store, self.clock = store, clock

    def desk(self, *others: Any, **parts: Any) -> ReturnDesk:
        spool = parts.get("spool", self.store.spool)
        journeys = Journeys(self.store.history)
        reader = ReportReader(
            journeys=journeys, mint=mint, path=path_of, remembered=self.store.spool.remembered,
            stream=lambda tenant, name: Stream(tenant=tenant, name=name, kind="personal"),
        )  # fmt: skip
        return ReturnDesk(spool=spool, clock=self.clock, readers=(*others, reader), journeys=journeys, path=path_of,
            long=parts.get("long", lambda _returned: False),
        )  # fmt: skip

    async def sent(self, *recipients: str, ends: str = "delivered", **content: Any) -> int:
        given = submission(*recipients, **content)
        private = given.content.kind == "personal"
        events = [msgspec.structs.replace(unpack(each), private=private) for each in given.events]
        given = msgspec.structs.replace(given, events=tuple(pack(each) for each in events))
        await self.store.spool.accept(given)
        if ends:
            await self.store.spool.settle(
                "w", {}, [done(*row.key, kind=ends, site="google", source="192.0.2.1") for row in given.deliveries]
            )
        return given.content.id

    async def back(self, body: bytes, *to: str, sender: str = "", after: float = 60.0, **more: Any) -> int:
        kept = submission(retention=30 * 86400.0).content
        kept = msgspec.structs.replace(
            kept, body=body, size=len(body), sender=sender, tenant="", stream="", came_to=to, accepted=START + after,
            source="192.0.2.9", **more,
        )  # fmt: skip
        self.clock.moment = max(self.clock.moment, START + after)
        await self.store.spool.keep_return(kept, event(kept.id, 0, "unknown", reason="dsn_unread"))
        return kept.id

    async def told(self, number: int, kind: str = "") -> list[Event]:
        await self.store.spool.flush()
        found = await self.store.history.of_message(number)
        return [each for each in found if each.kind not in {"queued", "delivered", "sent"} and kind in each.kind]

    async def filed(self) -> list[str]:
        await self.store.spool.flush()
        return [each.reason for each in await self.store.history.recent(1000) if not each.tenant]


def to(message: int, number: int = 1) -> str:
    return verp.make(mac, message, number, OWN)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    clock = TestClock()
    store = await open_store(f"sqlite://{tmp_path}/d", role="owner", clock=clock, free_disk=0)
    yield Bench(store, clock)
    await store.close()


async def test_a_late_failure_becomes_one_bounce_with_the_labels_of_its_message(bench):
    number = await bench.sent("ann@example.com", kind="bulk", stream="news", campaign="spring", tags=("a",))
    await bench.back(report("ann@example.com"), to(number))
    assert await bench.desk().turn() == 1
    (bounce,) = await bench.told(number)
    assert (bounce.kind, bounce.reason, bounce.number, bounce.recipient) == ("bounced", LATE, 1, "ann@example.com")
    assert (bounce.tenant, bounce.site, bounce.source) == ("t1", "google", "192.0.2.1")
    assert (bounce.reply.code, bounce.reply.enhanced) == (550, "5.1.1")
    assert (bounce.category, bounce.scope) == ("invalid_recipient", "recipient")
    assert bounce.rule
    assert await bench.desk().turn() == 0
    report_of_it = await ledger(bench.store.spool, bench.store.history)
    assert report_of_it.balanced, report_of_it.differences


@pytest.mark.parametrize("ends", ["delivered", "sent"])
async def test_the_same_report_twice_in_one_turn_or_later_bounces_once(bench, ends):
    number = await bench.sent(ends=ends)
    for _ in range(3):
        await bench.back(report("ann@example.com"), to(number))
    await bench.desk().turn(batch=2)
    await bench.desk().turn()
    assert len(await bench.told(number)) == 1
    assert (await bench.filed()).count("not_ours_replayed") == 2


async def test_a_crash_between_reading_and_writing_repeats_nothing_and_loses_nothing(bench):
    number = await bench.sent()
    await bench.back(report("ann@example.com"), to(number))

    class Failing:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

        async def close_returns(self, _read: Any) -> int:
            raise StoreUnavailable("killed", place="test", temporary=True)

    with pytest.raises(StoreUnavailable):
        await bench.desk(spool=Failing(bench.store.spool)).turn()
    assert await bench.told(number) == []
    await bench.desk().turn()
    assert len(await bench.told(number)) == 1


async def test_what_an_earlier_release_kept_is_attributed_by_the_path_its_fields_name(bench):
    number = await bench.sent()
    await bench.back(b"To: <" + to(number).upper().encode() + b">\r\n" + report("ann@example.com"))
    await bench.desk().turn()
    assert [each.kind for each in await bench.told(number)] == ["bounced"]


async def test_a_report_on_somebody_else_changes_nobody(bench):
    number = await bench.sent("ann@example.com", "joe@example.org")
    await bench.back(report("stranger@elsewhere.test"), to(number, 0))
    await bench.desk().turn()
    assert await bench.told(number) == []
    assert "not_ours_recipient" in await bench.filed()


async def test_a_report_that_quotes_a_message_of_another_tenant_is_dropped(bench):
    number = await bench.sent()
    other = await bench.sent("ann@example.com", tenant="t2")
    await bench.back(report("ann@example.com", quoted=f"X-Estafette-Id: {show(other)}\r\n"), to(number))
    await bench.back(report("ann@example.com", quoted=f"Return-Path: <{to(other)}>\r\n"), to(number))
    await bench.desk().turn()
    assert await bench.told(number) == await bench.told(other) == []
    assert (await bench.filed()).count("not_ours_foreign") == 2


async def test_a_report_that_quotes_its_own_message_is_taken(bench):
    number = await bench.sent()
    quoted = f"Return-Path: <{to(number)}>\r\nX-Estafette-Id: {show(number)}\r\n"
    await bench.back(report("ann@example.com", quoted=quoted), to(number))
    await bench.desk().turn()
    assert len(await bench.told(number, "bounced")) == 1


async def test_a_forged_path_is_of_nobody(bench):
    number = await bench.sent()
    real = to(number)
    await bench.back(report("ann@example.com"), real[:20] + ("a" if real[20] != "a" else "b") + real[21:])
    await bench.desk().turn()
    assert await bench.told(number) == []


@pytest.mark.parametrize("after", [-3600.0, 36 * 86400.0])
async def test_a_report_out_of_its_time_is_dropped(bench, after):
    number = await bench.sent()
    await bench.back(report("ann@example.com"), to(number), after=after)
    await bench.desk().turn()
    assert await bench.told(number) == []
    assert "not_ours_out_of_time" in await bench.filed()


async def test_a_report_of_a_message_that_the_log_forgot_is_dropped(bench):
    await bench.back(report("ann@example.com"), to(mint.next()))
    await bench.desk().turn()
    assert "not_ours_forgotten" in await bench.filed()


@pytest.mark.parametrize(
    ("action", "status", "reason"),
    [("delayed", "4.4.1", "delayed_notice"), ("relayed", "2.0.0", "relayed_notice"),
     ("delivered", "2.0.0", "delivered_notice"), ("expanded", "2.0.0", "expanded_notice")],
)  # fmt: skip
async def test_news_is_an_event_that_moves_nothing(bench, action, status, reason):
    number = await bench.sent()
    await bench.back(report("ann@example.com", action=action, status=status, said="4 wait"), to(number))
    await bench.back(report("ann@example.com", action=action, status=status, said="4 wait"), to(number))
    await bench.desk().turn()
    assert [(each.kind, each.reason) for each in await bench.told(number)] == [("unknown", reason)]


async def test_a_recipient_that_still_waits_is_left_to_its_courier(bench):
    number = await bench.sent(ends="")
    await bench.back(report("ann@example.com"), to(number))
    bench.clock.moment += SETTLING
    assert await bench.desk().turn() == 1
    assert [each.reason for each in await bench.told(number)] == ["bounced_while_waiting"]


async def test_a_failure_reported_before_its_delivery_is_settled_is_read_once_it_is(bench):
    desk, number = bench.desk(), await bench.sent(ends="")
    await bench.back(report("ann@example.com"), to(number))
    assert await desk.turn() == 0
    assert await bench.told(number) == []
    await bench.store.spool.settle("w", {}, [done(number, 1, kind="delivered")])
    assert await desk.turn() == 1
    assert [(each.kind, each.reason) for each in await bench.told(number)] == [("bounced", LATE)]


async def test_only_so_many_reports_wait_for_what_they_are_about(bench):
    for _ in range(HELD + 2):
        number = await bench.sent(ends="")
        await bench.back(report("ann@example.com"), to(number))
    assert await bench.desk().turn() == 2


async def test_recipients_that_shared_a_return_path_are_told_apart_by_address(bench):
    number = await bench.sent("ann@example.com", "Joe@example.org")
    further = (
        "\r\nOriginal-Recipient: rfc822; joe@example.org\r\nFinal-Recipient: rfc822; j@inner.test\r\nAction: failed\r\n"
    )
    await bench.back(
        report("x@y.test", action="delayed", status="4.0.0", further=further + "Status: 5.2.1\r\n"), to(number, 0)
    )
    await bench.desk().turn()
    assert [(each.number, each.kind) for each in await bench.told(number)] == [(2, "bounced")]


async def test_an_alias_of_which_one_target_failed_is_not_bounced(bench):
    number = await bench.sent()
    further = "\r\nFinal-Recipient: rfc822; b@inner.test\r\nAction: relayed\r\nStatus: 2.0.0\r\n"
    await bench.back(report("a@inner.test", further=further), to(number))
    await bench.desk().turn()
    assert [each.reason for each in await bench.told(number)] == ["relayed_notice"]


AWAY = b"From: Ann <ann@example.com>\r\nSubject: Out of office: x\r\nAuto-Submitted: auto-replied\r\n\r\nAway.\r\n"


async def test_an_automatic_answer_is_an_event_and_a_flood_of_them_is_not(bench):
    number = await bench.sent()
    for _ in range(9):
        await bench.back(AWAY, to(number), sender="ann@example.com")
    await bench.desk().turn()
    told = await bench.told(number)
    assert {(each.kind, each.reason) for each in told} == {("autoresponded", "auto_reply")}
    assert len(told) == 5


async def test_of_recipients_that_share_a_return_path_the_one_in_from_answered(bench):
    number = await bench.sent("ann@example.com", "joe@example.org")
    await bench.back(AWAY, to(number, 0), sender="ann@example.com")
    await bench.back(AWAY.replace(b"ann@", b"eve@"), to(number, 0), sender="eve@example.com")
    await bench.desk().turn()
    assert [(each.number, each.kind) for each in await bench.told(number)] == [(1, "autoresponded")]
    assert "auto_reply_of_somebody" in await bench.filed()


async def test_words_of_a_person_to_a_return_path_are_kept_and_filed(bench):
    number = await bench.sent()
    await bench.back(
        b"From: Ann <ann@example.com>\r\nSubject: Re: hi\r\n\r\nThanks!\r\n", to(number), sender="a@b.test"
    )
    await bench.desk().turn()
    assert await bench.told(number) == []
    assert "not_understood" in await bench.filed()
    assert await bench.store.spool.sweep(START + 20 * 86400) == 0


@pytest.mark.parametrize("retention", [0.0, 600.0])
async def test_the_sender_of_a_letter_is_told_in_words_also_when_it_is_removed(bench, retention):
    number = await bench.sent("ann@example.com", retention=retention, subject="Contract")
    await bench.back(report("ann@example.com"), to(number))
    await bench.desk().turn()
    notice_desk = NoticeDesk(
        spool=bench.store.spool, clock=bench.clock, mint=mint, hostname="mx.service.test", expire=9.0,
        language=lambda _tenant: "en",
    )  # fmt: skip
    assert await notice_desk.turn() == 1
    assert await notice_desk.turn() == 0
    letters = [row for row in (await bench.store.spool.find(_all())).items if row.address == "bob@sender.test"]
    (content,) = (await bench.store.spool.contents([letters[0].message])).values()
    assert b"had accepted your message, and reported later" in content.body.replace(b"=\r\n", b"")
    assert b"ann@example.com" in content.body
    assert content.sender == ""


@pytest.mark.parametrize("retention", [0.0, 600.0])
async def test_who_asked_never_to_be_told_hears_nothing_late_and_the_others_of_the_letter_are_told_of(bench, retention):
    asked = (Asked(1, NOTIFY_NEVER), Asked(2, NOTIFY_FAILURE, "rfc822;jo+2Bx@example.com"))
    number = await bench.sent("ann@example.com", "jo@example.com", retention=retention, asked=asked, envid="Q1")
    await bench.back(report("ann@example.com"), to(number, 1))
    await bench.back(report("jo@example.com"), to(number, 2))
    await bench.desk().turn()
    assert [each.number for each in await bench.told(number, "bounced")] == [1, 2]
    (owed,) = await bench.store.spool.notices(START + 9999)
    assert (owed.message, owed.number) == (number, 2)
    (content,) = (await bench.store.spool.remembered([number])).values()
    letter = compose(content, [owed], b"", now=START, hostname="mx.service.test", mint=mint, expire=9.0)
    assert b"Original-Recipient: rfc822; jo+x@example.com\r\n" in letter.content.body
    assert b"Original-Envelope-Id: Q1\r\n" in letter.content.body


async def test_nobody_is_told_of_a_mailing_without_an_address_to_report_to(bench):
    number = await bench.sent("ann@example.com", kind="bulk", retention=600.0)
    await bench.back(report("ann@example.com"), to(number))
    await bench.desk().turn()
    assert await bench.store.spool.notices(START + 9999) == []


async def test_readers_are_asked_in_turn_and_one_that_breaks_holds_up_nobody(bench):
    class Broken:
        async def take(self, returned: Returned) -> Taken | None:
            if b"poison" in returned.body:
                raise ValueError("poison")
            return Taken("complaint") if b"complaint" in returned.body else None

    number = await bench.sent()
    await bench.back(b"Subject: poison\r\n\r\n", to(number))
    await bench.back(b"Subject: complaint\r\n\r\n", to(number))
    await bench.back(report("ann@example.com"), to(number))
    await bench.desk(Broken()).turn()
    assert len(await bench.told(number, "bounced")) == 1
    assert await bench.store.spool.unread() == []


async def test_a_reader_that_cannot_reach_its_database_holds_up_the_turn(bench):
    class Away:
        async def take(self, _returned: Returned) -> Taken | None:
            raise StoreUnavailable("away", place="test", temporary=True)

    number = await bench.sent()
    await bench.back(report("ann@example.com"), to(number))
    with pytest.raises(StoreUnavailable):
        await bench.desk(Away()).turn()
    assert len(await bench.store.spool.unread()) == 1


def _all() -> Any:
    from estafette.model.rule import Filter

    return Filter()


class Bombs:
    """Takes what says it is one; each takes as long as its reader finds."""

    def __init__(self, clock: TestClock) -> None:
        self._clock = clock
        self.taken = 0

    def concerns(self, returned: Returned) -> bool:
        return b"bomb" in returned.body

    async def take(self, returned: Returned) -> Taken | None:
        if not self.concerns(returned):
            return None
        self._clock.moment += 3.0
        self.taken += 1
        return Taken("report")


async def test_a_heap_of_long_messages_holds_up_a_bounce_for_one_of_them(bench):
    number = await bench.sent()
    for _ in range(7):
        await bench.back(b"Subject: bomb\r\n\r\n", to(number))
    await bench.back(report("ann@example.com"), to(number))
    bombs = Bombs(bench.clock)
    desk = bench.desk(bombs, long=bombs.concerns)
    assert [await desk.turn(batch=4), await desk.turn(batch=4)] == [1, 2]
    assert (len(await bench.told(number, "bounced")), bombs.taken) == (1, 2)
    await bench.back(report("ann@example.com"), to(number))
    assert await desk.turn(batch=4) == 2
    assert (await bench.filed()).count("not_ours_replayed") == 1
    assert [await desk.turn() for _ in range(5)] == [1, 1, 1, 1, 0]
    assert (await bench.store.spool.unread(), bombs.taken) == ([], 7)


async def test_what_was_committed_behind_those_that_were_passed_is_read_too(bench):
    number = await bench.sent()
    bombs = Bombs(bench.clock)
    early = mint.next()
    for _ in range(2):
        await bench.back(b"Subject: bomb\r\n\r\n", to(number))
    desk = bench.desk(bombs, long=bombs.concerns)
    await desk.turn()
    await bench.back(report("ann@example.com"), to(number), id=early)
    await desk.turn()
    await desk.turn()
    assert (len(await bench.told(number, "bounced")), bombs.taken) == (1, 2)
    assert await bench.store.spool.unread() == []


async def test_short_ones_among_the_long_are_read_together_in_one_turn(bench):
    number = await bench.sent()

    class Swift(Bombs):
        async def take(self, returned: Returned) -> Taken | None:
            return Taken("report") if self.concerns(returned) else None

    swift = Swift(bench.clock)
    for _ in range(9):
        await bench.back(b"Subject: bomb\r\n\r\n", to(number))
    assert await bench.desk(swift, long=swift.concerns).turn() == 9


async def test_a_flood_to_one_path_is_five_events_of_a_kind_and_counted_whole(bench):
    number, other = await bench.sent(), await bench.sent()
    before = REGISTRY.get_sample_value("estafette_returns_read_total", {"what": "not_ours_foreign"}) or 0.0
    for path in (number, other):
        for _ in range(12):
            await bench.back(report("ann@example.com", quoted=f"X-Estafette-Id: {show(7)}\r\n"), to(path))
    await bench.back(report("stranger@elsewhere.test", further="\r\nFinal-Recipient: x\r\n"), to(number, 0))
    desk = bench.desk()
    while await desk.turn(batch=7):
        pass
    assert (await bench.filed()).count("not_ours_foreign") == 10
    assert REGISTRY.get_sample_value("estafette_returns_read_total", {"what": "not_ours_foreign"}) == before + 24
    assert await bench.store.spool.unread() == []


async def test_a_late_bounce_is_written_whatever_flooded_its_path_before(bench):
    number = await bench.sent()
    for _ in range(9):
        await bench.back(report("ann@example.com", quoted=f"X-Estafette-Id: {show(7)}\r\n"), to(number))
    await bench.back(report("ann@example.com"), to(number))
    await bench.desk().turn()
    assert len(await bench.told(number, "bounced")) == 1
