"""The window of a feed: the rows of it that are in memory, and how far the spool was read."""

from __future__ import annotations

from collections import deque

import msgspec

from estafette.model.message import Delivery
from estafette.model.rule import Rule
from estafette.model.stream import Priority
from estafette.relay.scheduling.lane import Lane
from estafette.store.interface.spool import Feed

SMALLEST = 64
#: a person's message to a hundred colleagues must fit whole, so that its recipients share a transaction
SMALLEST_PERSONAL = 256
LARGEST = 2000
_UNKNOWN = -1

Key = tuple[float, int, int]


class FeedRequest(msgspec.Struct, frozen=True):
    """A wish to read: the arguments of ``Spool.take``; answered by ``Scheduler.filled``."""

    feed: Feed
    after: Key | None
    limit: int
    until: float
    exclude: tuple[Rule, ...] = ()


class Window:
    """Ready rows of one feed.

    more: the spool holds, or may hold, ready rows that are not here. dirty: some of these may stand before
    the cursor, so one more pass from the start is owed. size: rows wanted here; doubled while the lane
    outruns the reading. kept: rows of it that are held: ready, in flight, or awaiting their commit. wants:
    it queues to be read. barren: the last read brought nothing and more is there: rules keep it back; ``paused``
    until the next read is made. quiet: time before which a pass that brought nothing is not repeated while the spool
    still has ``excess`` rows more than are held.
    """

    __slots__ = (
        "asked", "barren", "cursor", "deficit", "dirty", "excess", "feed", "kept", "lane", "more", "paused", "quiet",
        "reading", "ringed", "rows", "size", "wants",
    )  # fmt: skip

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.lane: Lane | None = None
        self.rows: deque[Delivery] = deque()
        self.cursor: Key | None = None
        self.more = False
        self.dirty = False
        self.reading = False
        self.ringed = False
        self.deficit = 0
        self.asked = 0
        self.kept = 0
        self.wants = False
        self.barren = False
        self.paused = False
        self.quiet = 0.0
        self.excess = 0
        self.size = SMALLEST_PERSONAL if feed.priority == Priority.PERSONAL else SMALLEST

    @property
    def hungry(self) -> bool:
        """Whether rows should be read for it now."""
        return self.more and not self.reading and not self.paused and len(self.rows) * 4 <= self.size

    @property
    def idle(self) -> bool:
        """Whether nothing would be lost by forgetting it."""
        return not (self.kept or self.rows or self.more or self.reading)

    def overflow(self) -> None:
        """Note that a ready row stayed in the spool."""
        if self.more or self.reading:
            self.dirty = True
        else:
            self.more = True
            self.cursor = None

    def restart(self) -> None:
        """Read on from the start, not from where a pass has come: rows were passed over that may go now."""
        if self.reading:
            self.dirty = True
        else:
            self.more, self.dirty, self.cursor = True, False, None
            self.wake()

    def request(self, room: int) -> tuple[Key | None, int]:
        """Begin a read; return where to continue and how many rows to ask for."""
        self.reading = True
        if self.cursor is not None:
            self.size = min(self.size * 2, LARGEST)
        self.asked = min(max(self.size - len(self.rows), 1), max(room, 1))
        return self.cursor, self.asked

    def wake(self) -> None:
        """Forget that it was barren: what kept its rows back may be gone."""
        self.barren = self.paused = False
        self.quiet = 0.0

    def rest(self, time: float, pause: float) -> bool:
        """Note that a read under rules brought nothing; return whether the next one is to wait until ``quiet``."""
        self.barren = self.paused = self.more
        self.quiet = time + pause
        self.excess = _UNKNOWN
        return self.paused

    def news(self, count: int, time: float) -> bool:
        """Return whether the spool, which has ``count`` rows, may have one that is wanted here."""
        excess, self.excess = self.excess, count - self.kept
        return self.excess > 0 and (time >= self.quiet or excess not in (_UNKNOWN, self.excess))

    def read(self, last: Key | None, exhausted: bool) -> None:
        """End a read that reached ``last``; ``exhausted`` when the spool had no more."""
        self.reading = False
        if exhausted:
            self.more, self.dirty, self.cursor = self.dirty, False, None
        elif last is not None:
            self.cursor = last
