"""What is refused because somebody is suppressed is told to the log once, whatever the store does meanwhile."""

from __future__ import annotations

import asyncio
import itertools
from types import SimpleNamespace

import pytest

from estafette.base.errors import Refusal, StoreUnavailable
from estafette.model.credential import Identity
from estafette.model.event import unpack
from estafette.relay.submission import rejections
from estafette.relay.submission.rejections import Rejections

WHO = Identity(tenant="t", credential="c", username="shop", stream="bulk", kind="personal")
NO = Refusal(550, "5.7.1", "the recipient is on the suppression list (bounced)", rule="suppressed")


class Spool:
    def __init__(self):
        self.events, self.silent = [], False

    async def record(self, events):
        if self.silent:
            raise StoreUnavailable("silent", place="store.sock")
        await asyncio.sleep(0)
        self.events += map(unpack, events)


@pytest.fixture
def noted():
    made, mint = Rejections(SimpleNamespace(now=lambda: 5.0)), SimpleNamespace(next=itertools.count(1).__next__)
    return made, lambda address="a@b.test", refusal=NO: made.note(mint, WHO, address, refusal, "192.0.2.1")


async def test_it_says_who_was_refused_and_why(noted):
    made, note = noted
    note()
    note(refusal=Refusal(550, "5.7.1", "no", rule="relay"))
    spool = Spool()
    await made.flush(spool)
    (event,) = spool.events
    assert (event.kind, event.tenant, event.stream, event.recipient) == ("rejected", "t", "bulk", "a@b.test")
    assert (event.reason, event.credential, event.source, event.private) == ("suppressed", "c", "192.0.2.1", True)
    assert (event.message, event.at, event.reply.code) == (0, 5.0, 550)


async def test_a_silent_store_is_told_later_and_nothing_twice(noted):
    made, note = noted
    spool = Spool()
    for number in range(3):
        note(f"p{number}@b.test")
    spool.silent = True
    await made.flush(spool)
    spool.silent = False
    await asyncio.gather(*(made.flush(spool) for _ in range(5)))
    assert [event.recipient for event in spool.events] == ["p0@b.test", "p1@b.test", "p2@b.test"]


async def test_what_finds_no_room_is_let_go(noted, monkeypatch):
    monkeypatch.setattr(rejections, "MOST", 2)
    made, note = noted
    for _ in range(5):
        note()
    spool = Spool()
    await made.flush(spool)
    assert len(spool.events) == 2
