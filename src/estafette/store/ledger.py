"""The ledger: accepted = delivered + sent + bounced + failed + cancelled + queued, proved from two sides.

One side are the spool's counters, added to in the commit that caused each number, with the rows counted afresh; the
other is the event log, wherever each event rests. Both must balance by themselves and agree with one another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from estafette.model.event import LATE, Event, unpack
from estafette.store.interface.history import History
from estafette.store.interface.spool import Spool

#: How an accepted recipient can end; ``rejected`` = suppressed after acceptance.
ENDS = ("delivered", "sent", "bounced", "failed", "cancelled", "rejected")
CANCELLED = frozenset({"cancelled", "purged"})
#: Events read from the outbox at once.
_PAGE = 5_000


class LedgerReport(msgspec.Struct, frozen=True, kw_only=True):
    """The proof. ``differences`` is empty when everything accepted is accounted for; each is one sentence.

    refused: recipients rejected before acceptance. duplicates: second deliveries, known and recorded.
    """

    accepted: int
    delivered: int
    sent: int
    bounced: int
    failed: int
    cancelled: int
    rejected: int
    queued: int
    refused: int
    duplicates: int
    differences: tuple[str, ...]

    @property
    def balanced(self) -> bool:
        """True when nothing is missing."""
        return not self.differences


async def ledger(spool: Spool, history: History) -> LedgerReport:
    """Return the proof of a store at rest; under load its two sides may be some commits apart."""
    counted = await spool.counts()
    logged = await _logged(spool, history)
    return LedgerReport(
        accepted=counted["accepted"],
        queued=counted["queued"],
        refused=counted["refused"],
        duplicates=counted["duplicates"],
        differences=tuple(_differences(counted, logged)),
        **{end: counted[end] for end in ENDS},
    )


async def _logged(spool: Spool, history: History) -> Mapping[str, int]:
    """Count the log: the history, and what it has not taken over from the outbox yet."""
    position, counts = -1, {}
    while (seen := await history.position()) != position:
        position = seen
        counts = dict(await history.counts())
    total = Counter(counts)
    while page := await spool.outbox(position, _PAGE):
        for position, blob in page:  # noqa: B007 - the last position goes on
            event = unpack(blob)
            total[_counted_as(event)] += 1
    return total


def _counted_as(event: Event) -> str:
    """Return the counter of an event; a bounce told late is no second end."""
    if event.kind == "failed" and event.reason in CANCELLED:
        return "cancelled"
    return "" if event.kind == "bounced" and event.reason == LATE else event.kind


def _differences(counted: Mapping[str, int], logged: Mapping[str, int]) -> list[str]:
    found = []
    ended = sum(counted[end] for end in ENDS)
    if counted["accepted"] != ended + counted["queued"]:
        missing = counted["accepted"] - ended - counted["queued"]
        found.append(
            f"counters: {counted['accepted']} accepted, {ended} ended, {counted['queued']} queued: {missing:+}"
        )
    pairs = [("queued", "accepted"), ("duplicate_delivery", "duplicates")]
    pairs += [(end, end) for end in ENDS if end != "rejected"]
    for kind, name in pairs:
        if logged.get(kind, 0) != counted[name]:
            found.append(f"{name}: {counted[name]} counted, {logged.get(kind, 0)} in the event log")
    rejected = counted["rejected"] + counted["refused"]
    if logged.get("rejected", 0) != rejected:
        found.append(f"rejected: {rejected} counted, {logged.get('rejected', 0)} in the event log")
    return found
