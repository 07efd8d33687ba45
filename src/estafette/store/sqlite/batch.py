"""One commit: what is written for all accepts and settles that waited while the last one was synced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import apsw
import msgspec

from estafette.base.errors import StoreFault
from estafette.base.ids import Mint
from estafette.model.event import LATE, pack, unpack
from estafette.model.journey import ENDS, STAYS
from estafette.model.message import Delivery, Submission
from estafette.store.interface.spool import Settlement
from estafette.store.sqlite.rows import content_row, delivery_row, stub_of
from estafette.store.sqlite.sites import Sites
from estafette.store.sqlite.statements import run_many, sql

#: Columns of the ledger, in the order of the ``tally`` statement.
TALLIES = (
    "accepted", "refused", "delivered", "sent", "bounced", "failed", "cancelled", "rejected", "duplicates",
)  # fmt: skip
#: Reasons of ``failed`` events that mean an operator's act.
PURGED = "purged"
CANCELLED = frozenset({"cancelled", PURGED})
#: The ledger's name for ends told late, which it does not count as ends.
LATE_BOUNCED = "bounced_late"
#: How long it is remembered who sent a person's letter, so that they hear of a failure that is reported late.
REMEMBERED = 7 * 86_400.0
#: Events of one outbox row; the low 16 bits of a position count within it.
EVENTS_PER_ROW = 8_192

_encode = msgspec.msgpack.Encoder().encode
#: (lane, epochs) of a settling courier -> may it move rows of that lane.
Fence = Callable[[str], bool]


class _Head(msgspec.Struct, frozen=True, array_like=True):
    """The first fields of a packed event, enough for the ledger; the rest is skipped unread."""

    id: int
    at: float
    kind: str


_head = msgspec.msgpack.Decoder(_Head).decode


def tallied(kind: str, reason: str) -> str:
    """Return what the ledger counts an event as."""
    if kind == "failed" and reason in CANCELLED:
        return "cancelled"
    return LATE_BOUNCED if kind == "bounced" and reason == LATE else kind


class Batch:
    """Collects the work of one transaction on the writer's connection; the caller begins and commits."""

    def __init__(self, connection: apsw.Connection, sites: Sites, mint: Mint, now: float) -> None:
        self._connection = connection
        self._sites = sites
        self._mint = mint
        self.now = now
        self._tally: Counter[str] = Counter()
        self._events: list[bytes] = []
        self._touched: set[int] = set()
        self._purged: set[int] = set()
        self.arrived: list[Delivery] = []
        self.dead_files: list[str] = []
        self.largest = 0

    def accept(self, submissions: Sequence[Submission]) -> None:
        """Write contents, deliveries and events; notices that these messages tell are crossed off."""
        contents = []
        rows: list[Delivery] = []
        for submission in submissions:
            contents.append(content_row(submission.content))
            self._events.extend(submission.events)
            rows.extend(submission.deliveries)
            if len(submission.events) != len(submission.deliveries):
                self._count_refused(submission.events)
            if submission.notices:
                self._tell(submission.notices)
        self.largest = max(self.largest, *(row[0] for row in contents))
        self._tally["accepted"] += len(rows)
        self._sites.apply(self._connection, rows, self.now)
        run_many(self._connection, "insert_content", contents)
        run_many(self._connection, "insert_delivery", [delivery_row(each) for each in rows])
        self.arrived.extend(rows)

    def _count_refused(self, events: Iterable[bytes]) -> None:
        self._tally["refused"] += sum(_head(event).kind == "rejected" for event in events)

    def _tell(self, keys: Sequence[tuple[int, int]]) -> None:
        messages = sorted({message for message, _ in keys})
        run_many(self._connection, "delete_notices", keys)
        run_many(self._connection, "insert_told", [(message, self.now) for message in messages])
        run_many(self._connection, "postpone_notices", [(message,) for message in messages], self.now)
        self._touched.update(messages)

    def settle(self, settlements: Sequence[Settlement], fences: Sequence[Fence]) -> None:
        """Apply ends and deferrals; ``fences[i]`` guards ``settlements[i]``."""
        done = [each for each in settlements if each.kind == "done"]
        deferred = [(each, fence) for each, fence in zip(settlements, fences, strict=True) if each.kind == "defer"]
        if done:
            self._end(done)
        if deferred:
            self._defer(deferred)

    def _end(self, done: Sequence[Settlement]) -> None:
        keys = list({(each.message, each.number) for each in done})
        gone = set(run_many(self._connection, "delete_deliveries", keys))
        for each in done:
            key = (each.message, each.number)
            if key in gone:
                gone.discard(key)
                self._count_end(each.message, each.event)
                self._events.extend((each.event, *each.also))
                self._owe(each, each.due or self.now)
            else:
                self._duplicate(each.event)
        self._touched.update(message for message, _ in keys)

    def _count_end(self, message: int, event: bytes) -> None:
        kind = _head(event).kind
        if kind not in ENDS:
            raise StoreFault(f"a recipient cannot end with the event {kind!r}", place="settle")
        if kind == "failed" and (reason := unpack(event).reason) in CANCELLED:
            kind = "cancelled"
            if reason == PURGED:
                self._purged.add(message)
        self._tally[kind] += 1

    def _duplicate(self, event: bytes) -> None:
        """A second end of one row: a fact for the log, never an error."""
        self._tally["duplicates"] += 1
        self._events.append(pack(msgspec.structs.replace(unpack(event), kind="duplicate_delivery")))

    def _owe(self, settlement: Settlement, due: float) -> None:
        if settlement.notice:
            row = (settlement.message, settlement.number, due, settlement.notice)
            self._connection.execute(sql("insert_notice"), row)

    def _defer(self, deferred: Sequence[tuple[Settlement, Fence]]) -> None:
        keys = [(each.message, each.number) for each, _ in deferred]
        lanes = {(message, number): lane for message, number, lane in run_many(self._connection, "lanes_of", keys)}
        for each, fence in deferred:
            if each.event:
                if (kind := _head(each.event).kind) not in STAYS:
                    raise StoreFault(f"a recipient cannot go on waiting with the event {kind!r}", place="settle")
                self._events.append(each.event)
            lane = lanes.get((each.message, each.number))
            if lane is None or not fence(lane):
                continue
            row = (each.due, int(each.spent), each.last[:512], each.notified, each.message, each.number)
            self._connection.execute(sql("defer"), row)
            self._owe(each, self.now)

    def event(self, event: bytes, *tallies: str) -> None:
        """Log one event of another act, with its ledger entries."""
        self._events.append(event)
        self._tally.update(tallies)

    def told(self, events: Sequence[bytes]) -> None:
        """Log events that move no row; the ledger knows of recipients who were refused before there was one."""
        self._events.extend(events)
        self._count_refused(events)

    def touch(self, message: int) -> None:
        """Look whether a message ended in this commit."""
        self._touched.add(message)

    def new_id(self) -> int:
        """Return an id for an event that the store itself causes."""
        return self._mint.next()

    def finish(self) -> None:
        """Write what follows from all of it: retention, outbox, ledger."""
        if self._touched:
            self._retire([(message,) for message in self._touched])
        for start in range(0, len(self._events), EVENTS_PER_ROW):
            events = self._events[start : start + EVENTS_PER_ROW]
            self._connection.execute(sql("insert_outbox"), (len(events), _encode(events)))
        if self._tally:
            self._connection.execute(sql("tally"), [self._tally[name] for name in TALLIES])

    def _retire(self, messages: Sequence[tuple[int]]) -> None:
        dead, kept, remembered = [], [], []
        for message, retention, file, owed, head in run_many(self._connection, "ended_messages", messages):
            rest = 0.0 if message in self._purged else retention
            if rest <= 0 and not owed:
                dead.append((message,))
                if message not in self._purged and (stub := stub_of(head)):
                    remembered.append((message, self.now + REMEMBERED, stub))
                if file:
                    self.dead_files.append(file)
            else:
                kept.append((message, self.now + rest))
        run_many(self._connection, "delete_contents", dead)
        run_many(self._connection, "insert_ended", kept)
        run_many(self._connection, "insert_late", remembered)
