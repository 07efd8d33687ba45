"""Nothing of an erased person is left in any file, and what was counted stays counted."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import msgspec
import pytest

from estafette.model.erasure import Erased, Erasure
from estafette.model.event import Reply, pack, unpack
from estafette.model.message import Submission
from estafette.model.rule import Filter
from estafette.model.tracking import RawHit
from estafette.store.interface.spool import SHARDS
from estafette.store.ledger import ledger

from .kit import START, done, event, mint, submission

ANN = "Ann.Smith@Example.com"
ERASURE = Erasure("t1", ANN.lower(), "erased-0a1b2c@erased.invalid")
TRACES = re.compile(rb"ann\.smith(@|=|%40)example\.com", re.IGNORECASE)


def letter(*recipients, file="", **more):
    """Return a submission whose text, labels and events name its recipients."""
    body = b"" if file else f"To: {', '.join(recipients)}\r\n\r\nDear {recipients[0]}\r\n".encode() * 40
    made = submission(*recipients, body=body, file=file, retention=600.0, recipients=len(recipients), **more)
    labels = {"who": recipients[0].upper(), "url": f"https://x.example/?m={recipients[0].replace('@', '%40')}"}
    events = tuple(pack(msgspec.structs.replace(unpack(each), metadata=labels)) for each in made.events)
    return Submission(msgspec.structs.replace(made.content, metadata=labels), made.deliveries, events)


class Office:
    """A store that has had much to do with Ann, among others."""

    def __init__(self, spool, store):
        self.spool, self.store = spool, store

    async def fill(self):
        number = mint.next()
        writer = await self.spool.content_writer(number)
        writer.write(f"To: {ANN}\r\n\r\n".encode() * 20_000)
        await writer.close()
        self.waiting, self.large = letter(ANN), letter(ANN, id=number, file=writer.name)
        self.shared, self.ended = letter("joe@example.com", ANN), letter(ANN)
        self.other = letter("joe@example.com")
        crowd = [letter(f"u{place}@example.org", ANN) for place in range(60)]
        for each in (self.waiting, self.large, self.shared, self.ended, self.other, *crowd):
            await self.spool.accept(each)
        said = Reply(550, "5.1.1", f"<{ANN}> is unknown, SRS0={ANN.replace('@', '=')}")
        ends = [done(each.content.id, 2, "bounced", recipient=ANN, reply=said, notice=ANN.encode()) for each in crowd]
        ends.append(done(self.ended.content.id, 1, recipient=ANN))
        ends += [done(each.content.id, 1) for each in crowd]
        await self.spool.settle("w", {}, ends)
        text = f"Final-Recipient: rfc822; {ANN}\r\n".encode() * 50
        back = msgspec.structs.replace(letter("joe@example.com").content, id=mint.next(), body=text)
        await self.spool.keep_return(back, event(self.ended.content.id, 1, "unknown", recipient=ANN))
        hit = RawHit(mint.next(), START, "opened", "t1", "main", self.ended.content.id, 1, address="192.0.2.9")
        await self.store.hits.add([hit, msgspec.structs.replace(hit, id=mint.next(), message=self.other.content.id)])
        await self.spool.flush()

    async def log(self):
        await self.spool.flush()
        return [each for _, each in await self.store.history.after(0, 10_000)]


@pytest.fixture
async def office(spool, spool_factory):
    made = Office(spool, spool_factory.store)
    await made.fill()
    return made


def traces(folder):
    """Return the files that still name her."""
    return {
        str(path.relative_to(folder)): len(TRACES.findall(path.read_bytes()))
        for path in folder.rglob("*")
        if path.is_file() and TRACES.search(path.read_bytes())
    }


async def test_no_file_names_an_erased_person(office, spool_factory):
    shared = office.shared.content.id
    assert traces(spool_factory.folder)
    erased = await office.store.persons.erase(ERASURE)
    assert (erased.cancelled, erased.kept, erased.kept_until, erased.hits) == (3, 61, 0.0, 1)
    assert erased.contents == 4
    # What others got too stays as long as it is kept for them.
    others = await office.spool.contents([shared])
    assert others[shared].body == office.shared.content.body
    await office.spool.settle("w", {}, [done(shared, 1)])
    await office.spool.sweep(START + 1_000)
    assert (await office.store.persons.erase(ERASURE)).events == 0
    assert traces(spool_factory.folder) == {}
    await spool_factory.close()
    assert traces(spool_factory.folder) == {}


async def test_what_was_counted_stays_counted(office):
    before = Counter(each.kind for each in await office.log())
    erased = await office.store.persons.erase(ERASURE)
    log = await office.log()
    after = Counter(each.kind for each in log)
    assert after - before == Counter(failed=3)
    assert before - after == Counter()
    hers = [each for each in log if each.recipient == ERASURE.tombstone]
    assert len(hers) == 4 + 60 + 60 + 1 + 1 + 3
    assert erased.events >= len(hers) - 3
    (told,) = {each.reply.text for each in hers if each.reply and each.reply.code == 550}
    assert told == f"<{ERASURE.tombstone}> is unknown, SRS0={ERASURE.tombstone}"
    report = await ledger(office.spool, office.store.history)
    assert report.balanced, report.differences
    assert (await office.spool.find(Filter(recipient=ANN))).items == ()
    assert {row.address for row in (await office.spool.find(Filter())).items} == {"joe@example.com"}
    assert await office.spool.rules() == []
    assert len(await office.store.hits.of_messages([office.other.content.id])) == 1


async def test_another_tenants_mail_to_the_same_person_is_theirs(office):
    theirs = letter(ANN, tenant="t2")
    facts = tuple(pack(msgspec.structs.replace(unpack(each), tenant="t2")) for each in theirs.events)
    await office.spool.accept(Submission(theirs.content, theirs.deliveries, facts))
    await office.store.persons.erase(ERASURE)
    assert [row.address for row in (await office.spool.find(Filter(tenant="t2"))).items] == [ANN]
    assert [each.recipient for each in await office.log() if each.tenant == "t2"] == [ANN]


async def test_what_is_committed_late_has_the_tombstone_too(office, spool_factory):
    await office.store.persons.erase(ERASURE)
    await office.spool.record([event(77, 1, "bounced", recipient=ANN, metadata={"who": ANN})])
    late = (await office.log())[-1]
    assert (late.recipient, late.metadata) == (ERASURE.tombstone, {"who": ERASURE.tombstone})
    await spool_factory.close()
    spool = await spool_factory()
    await spool.record([event(78, 1, "delivered", recipient=ANN.upper())])
    again = Office(spool, spool_factory.store)
    assert (await again.log())[-1].recipient == ERASURE.tombstone


async def test_a_courier_lets_go_of_what_it_holds(office):
    """Somebody owns shards, and ends what the rule names, as couriers do."""
    await office.spool.lease("courier-1", SHARDS)

    async def courier():
        async for _ in office.spool.wakes("courier-1"):
            if rules := await office.spool.rules():
                (rule,) = rules
                break
        rows = (await office.spool.find(rule.filter)).items
        ends = [done(row.message, row.number, "failed", recipient=row.address, reason="cancelled") for row in rows]
        await office.spool.settle("courier-1", {}, ends)

    working = asyncio.create_task(courier())
    assert (await office.store.persons.erase(ERASURE)).cancelled == 3
    await working
    log = await office.log()
    assert [each.recipient for each in log if each.kind == "failed"] == [ERASURE.tombstone] * 3
    assert not [each for each in log if each.kind == "duplicate_delivery"]


async def test_who_was_never_written_to_is_erased_in_vain(office):
    nobody = Erasure("t1", "nobody@example.com", ERASURE.tombstone)
    assert await office.store.persons.erase(nobody) == Erased()
