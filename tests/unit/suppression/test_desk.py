"""The desk over a real log and real tables: what suppresses, what never does, and that a repetition changes nothing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.events.reader import read_on
from estafette.model.event import Event, Reply, pack
from estafette.store.interface.records import Suppression
from estafette.store.interface.stops import Key
from estafette.store.sqlite.history import SqliteHistory
from estafette.suppression.desk import SuppressionDesk
from estafette.suppression.judging import Judgement, cases
from estafette.suppression.policy import DAY, load
from estafette.tenancy import suppressions, tenants

START = 1_700_000_000.0
BOB = "Bob@Example.test"


def event(number, kind="bounced", category="invalid_recipient", scope="recipient", **more):
    fields = {
        "id": number, "at": START + number, "kind": kind, "stream": "bulk", "message": 1000 + number, "number": 1,
        "recipient": BOB, "category": category, "scope": scope,
    }  # fmt: skip
    return Event(**fields | more)


class Log:
    def __init__(self, folder, office):
        self.office = office
        self.tenant = tenants.create(office, "acme")["id"]
        self.history = SqliteHistory(folder)
        self.desk = SuppressionDesk(office.control.stops)
        self.written = 0

    async def write(self, *events):
        rows = [
            (self.written + place, pack(msgspec.structs.replace(each, tenant=each.tenant or self.tenant)))
            for place, each in enumerate(events, 1)
        ]
        self.written += len(rows)
        await self.history.append(rows)

    async def read(self, limit=5_000):
        while await read_on(self.history, self.desk, limit):
            pass

    def entries(self):
        return self.office.control.suppressions(self.tenant)


@pytest.fixture
async def log(tmp_path, office):
    (tmp_path / "log").mkdir()
    made = Log(tmp_path / "log", office)
    yield made
    await made.history.close()


def bounce(number, **more):
    return event(number, **{"tenant": ""} | more)


async def test_a_hard_bounce_suppresses_at_once_with_its_evidence(log, directory):
    await log.write(bounce(1, reply=Reply(550, "5.1.1", "no such user")))
    await log.read()
    (entry,) = log.entries()
    assert entry == Suppression(
        tenant=log.tenant, stream="bulk", address="bob@example.test", reason="bounced", created=START + 1,
        expires=None, event=1, message=1001, reply="550 5.1.1 no such user", observed=START + 1,
    )  # fmt: skip
    directory.reload()
    assert directory.suppressed(log.tenant, "bulk", "bob@example.test") == "bounced"
    assert directory.suppressed(log.tenant, "transactional", "bob@example.test") == ""


@pytest.mark.parametrize(
    "harmless",
    [
        {"category": "ip_blocklisted", "scope": "source_ip"},
        {"category": "reputation_block", "scope": "site"},
        {"category": "invalid_recipient", "scope": "site"},
        {"category": "spam_content", "scope": "message"},
        {"category": "unknown", "scope": ""},
        {"category": "", "scope": "", "reply": Reply(550, "5.1.1", "no such user")},
        {"kind": "deferred"},
        {"kind": "rejected", "reason": "suppressed"},
        {"private": True},
        {"tenant": "nobody"},
        {"recipient": ""},
        {"recipient": "erased-0123@"},
        {"kind": "unsubscribed", "category": "", "reason": "offers"},
    ],
    ids=str,
)
async def test_what_says_nothing_of_the_recipient_suppresses_nobody(log, harmless):
    await log.write(bounce(1, **{"kind": "bounced"} | harmless))
    await log.read()
    assert log.entries() == ()
    assert await log.desk.position() == 1


async def test_complaints_and_unsubscriptions_suppress_at_once_and_the_stronger_reason_stays(log):
    await log.write(bounce(1), bounce(2, kind="complained", category=""), bounce(3), bounce(4, kind="unsubscribed"))
    await log.read()
    assert [(each.reason, each.event) for each in log.entries()] == [("complained", 2)]


LEFT = {"kind": "unsubscribed", "category": "", "scope": ""}
BACK = LEFT | {"kind": "subscribed"}


@pytest.mark.parametrize("at_once", [1, 10])
async def test_who_leaves_and_joins_again_before_it_is_read_is_not_suppressed(log, directory, at_once):
    await log.write(bounce(1, **LEFT), bounce(2, **BACK))
    await log.read(at_once)
    assert log.entries() == ()
    directory.reload()
    assert directory.suppressed(log.tenant, "bulk", "bob@example.test") == ""


async def test_joining_again_lifts_nothing_but_having_left(log):
    await log.write(bounce(1, kind="complained", category=""), bounce(2, **LEFT), bounce(3, **BACK))
    await log.read()
    assert [each.reason for each in log.entries()] == ["complained"]


async def test_who_leaves_once_more_stays_away(log):
    await log.write(bounce(1, **LEFT), bounce(2, **BACK), bounce(3, **LEFT))
    await log.read()
    assert [(each.reason, each.event) for each in log.entries()] == [("unsubscribed", 3)]


async def test_what_the_page_wrote_since_is_not_removed_for_an_earlier_return(log):
    suppressions.add(log.office, "acme", BOB, stream="bulk", reason="unsubscribed")
    await log.write(bounce(1, at=log.office.now() - 1, **BACK))
    await log.read()
    assert [each.reason for each in log.entries()] == ["unsubscribed"]


async def test_joining_one_topic_again_lifts_no_entry_of_the_stream(log):
    await log.write(bounce(1, **LEFT), bounce(2, **BACK, reason="offers"))
    await log.read()
    assert [each.reason for each in log.entries()] == ["unsubscribed"]


async def test_a_stream_that_is_gone_stops_all_of_the_tenant(log):
    await log.write(bounce(1, stream="newsletter"))
    await log.read()
    assert [each.stream for each in log.entries()] == [""]


async def test_full_mailboxes_suppress_for_a_while_once_they_are_full_for_long(log):
    full = {"category": "mailbox_full"}
    days = [START, START + 2 * DAY, START + 4 * DAY, START + 6 * DAY]
    await log.write(*(bounce(n, at=at, **full) for n, at in enumerate(days, 1)))
    await log.read()
    assert log.entries() == ()
    await log.write(bounce(9, at=START + 8 * DAY, **full))
    await log.read()
    (entry,) = log.entries()
    assert (entry.reason, entry.expires) == ("soft_bounced", START + 38 * DAY)
    assert log.office.control.stops.expire(START + 38 * DAY - 1, 100) == 0
    assert log.office.control.stops.expire(START + 38 * DAY, 100) == 1
    assert log.entries() == ()


async def test_a_delivery_forgives_soft_bounces(log):
    full = {"category": "mailbox_full"}
    events = [bounce(n, at=START + 3 * n * DAY, **full) for n in (1, 2, 3)]
    await log.write(*events, bounce(4, kind="delivered", at=START + 10 * DAY), bounce(5, at=START + 12 * DAY, **full))
    await log.read()
    assert log.entries() == ()


async def test_a_batch_that_is_handed_over_again_changes_nothing(log):
    full = {"category": "mailbox_disabled"}
    await log.write(bounce(1, **full))
    await log.read()
    events = await log.history.after(0, 10)
    await log.desk.take(events, 1)
    await SuppressionDesk(log.office.control.stops).take(events, 1)
    assert log.entries() == ()
    await log.write(bounce(2, **full))
    await log.read()
    assert [(each.reason, each.event) for each in log.entries()] == [("bounced", 2)]


async def test_who_was_released_stays_released_until_it_happens_again(log):
    await log.write(bounce(1))
    await log.read()
    suppressions.remove(log.office, "acme", BOB, stream="bulk")
    await log.desk.take(await log.history.after(0, 10), 1)
    assert log.entries() == ()
    await log.write(bounce(2))
    await log.read()
    assert [each.event for each in log.entries()] == [2]


async def test_a_place_beyond_a_restored_log_goes_back(log):
    await log.write(bounce(1), bounce(2))
    await log.read()
    await log.desk.begin(1)
    assert await log.desk.position() == 1
    await log.desk.begin(5)
    assert await log.desk.position() == 1


async def test_a_crash_between_any_two_batches_loses_and_doubles_nothing(log):
    kinds = ["bounced", "delivered", "complained", "bounced", "bounced"]
    await log.write(*(bounce(n, kind=kind, category="mailbox_disabled") for n, kind in enumerate(kinds, 1)))
    for _ in kinds:
        log.desk = SuppressionDesk(log.office.control.stops)
        await read_on(log.history, log.desk, 1)
    assert [each.reason for each in log.entries()] == ["complained"]


_events = st.builds(
    event,
    number=st.integers(1, 10**9),
    kind=st.sampled_from(["bounced", "failed", "delivered", "complained", "unsubscribed"]),
    category=st.sampled_from(["invalid_recipient", "mailbox_disabled", "mailbox_full", "rate_limited", ""]),
    scope=st.sampled_from(["recipient", "domain", "site", ""]),
    tenant=st.just("t"),
    recipient=st.sampled_from([BOB, "ann@example.test", "nobody", ""]),
    at=st.floats(START, START + 90 * DAY),
)


@given(st.lists(_events, max_size=30), st.integers(0, 30))
def test_where_a_batch_ends_changes_nothing(events, at):
    streams = {"t": {"bulk"}}

    def judged(*parts):
        known: dict[Key, Suppression] = {}
        soft: dict = {}
        for part in parts:
            judgement = Judgement(load(), known, soft)
            for case in cases(part, load(), streams):
                judgement.take(case)
            known |= judgement.entries
            soft = {key: days for key, days in (soft | judgement.counts).items() if days}
        return known, soft

    assert judged(events) == judged(events[:at], events[at:])
