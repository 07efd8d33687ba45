"""Metering: every accepted recipient is counted exactly once, from the ``queued`` events of the log.

The counters and the place in the log are written in one transaction: a batch that is read again after a crash, or by
two janitors at once, is counted once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from estafette.base import ids
from estafette.model.calendar import HOUR
from estafette.model.event import Event
from estafette.store.interface.control import Control
from estafette.store.interface.plans import Books
from estafette.tenancy import spells
from estafette.tenancy.consumption import Consumption

READER = "metering"
#: Events of one batch.
BATCH = 5_000
#: Seconds by which a slice outlives the right to spend it, for mail whose commit takes long.
GRACE = 120.0
_MONTH, _DAY = 32 * 24 * HOUR, 26 * HOUR
#: Our own reports on mail are not charged.
UNCHARGED = frozenset({"notice"})

_Key = tuple[str, str, str, int, int]


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch brought. events: how many it had. hours: (tenant, credential, beginning of an hour) that grew."""

    events: int = 0
    recipients: int = 0
    position: int = 0
    tenants: frozenset[str] = frozenset()
    hours: frozenset[tuple[str, str, int]] = frozenset()


def begin(control: Control, reached: int) -> int:
    """Return where counting goes on in a log that reaches so far."""
    with control.plans.books() as books:
        position = books.position(READER)
        if position > reached:
            books.move(READER, reached)
        return min(position, reached)


def place(control: Control) -> int:
    """Return how far the log is counted."""
    with control.plans.books() as books:
        return books.position(READER)


def count(control: Control, events: Sequence[tuple[int, Event]]) -> Counted:
    """Count a batch of the log, (position, event) in its order; what was counted before is passed over."""
    with control.plans.books() as books:
        begin = books.position(READER)
        fresh = [event for position, event in events if position > begin]
        if not fresh:
            return Counted(events=len(events), position=begin)
        accepted, returned = _gathered(fresh)
        done = _counted(books, accepted, returned)
        said = spells.counted(fresh)
        spells.add(books, said)
        books.move(READER, events[-1][0])
    tenants = done.tenants | {key[0] for key in said}
    return msgspec.structs.replace(done, events=len(events), position=events[-1][0], tenants=tenants)


def forget_reserved(control: Control, now: float) -> None:
    """Give back what processes reserved and did not spend; only once everything accepted was counted."""
    with control.plans.books() as books:
        books.forget_slices(now - GRACE)


def _gathered(events: Sequence[Event]) -> tuple[Counter[_Key], Counter[tuple[str, str, int, str]]]:
    """Return recipients by (tenant, stream, credential, minute, writer), and returns by (tenant, stream, minute, kind).

    Every zone's hours begin with a minute, so minutes are fine enough.
    """
    accepted: Counter[_Key] = Counter()
    returned: Counter[tuple[str, str, int, str]] = Counter()
    for event in events:
        kind = event.kind
        if not event.tenant:
            continue
        if kind == "queued":
            if event.reason not in UNCHARGED:
                minute = (event.charged or int(event.at)) // 60
                accepted[event.tenant, event.stream, event.credential, minute, ids.writer(event.id)] += 1
        elif kind in {"bounced", "complained"}:
            returned[event.tenant, event.stream, int(event.at) // 60, kind] += 1
    return accepted, returned


def _counted(books: Books, accepted: Counter[_Key], returned: Counter[tuple[str, str, int, str]]) -> Counted:
    if not accepted and not returned:
        return Counted()
    first = 60 * min([key[3] for key in accepted] + [key[2] for key in returned])
    names = {key[0] for key in accepted} | {key[0] for key in returned}
    open_books = {name: Consumption(account) for name, account in books.unlimited(names).items()}
    accounts = books.accounts(names - open_books.keys(), {})
    used = books.consumed(accounts, {"day": first - _DAY, "month": first - _MONTH})
    open_books |= {name: Consumption(account, used[name]) for name, account in accounts.items()}
    for (tenant, stream, credential, minute, writer), recipients in accepted.items():
        if tenant in open_books:
            _charge(open_books[tenant], stream, credential, minute * 60, recipients, writer)
    for (tenant, stream, minute, kind), number in returned.items():
        if tenant in open_books:
            open_books[tenant].note(stream, minute * 60, **{kind: number})
    _write(books, open_books)
    return _told(open_books, accepted)


def _charge(used: Consumption, stream: str, credential: str, at: int, recipients: int, writer: int) -> None:
    used.count(stream, credential, at, recipients)
    if used.account.slices:
        plan = used.account.plan
        weight = 1 if plan is None else plan.weight(stream, used.account.kinds.get(stream, ""))
        used.release(writer, at, recipients * weight)


def _write(books: Books, open_books: dict[str, Consumption]) -> None:
    books.add_usage([row for used in open_books.values() for row in used.touched.values()])
    slices = [one for used in open_books.values() for one in used.spent]
    books.write_packs([pack for used in open_books.values() for pack in used.packs.values()])
    books.write_slices([one for one in slices if one.units], [one.id for one in slices if not one.units])


def _told(open_books: dict[str, Consumption], accepted: Counter[_Key]) -> Counted:
    hours = {
        (tenant, credential, open_books[tenant].calendar.hour(minute * 60).start)
        for tenant, _, credential, minute, _ in accepted
        if tenant in open_books
    }
    total = sum(number for key, number in accepted.items() if key[0] in open_books)
    return Counted(recipients=total, tenants=frozenset(open_books), hours=frozenset(hours))
