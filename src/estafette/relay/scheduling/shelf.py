"""What a courier holds in memory.

Ready rows by feed, and the keys of every row that must not be taken again.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from sys import intern

from msgspec.structs import force_setattr

from estafette.model.message import Delivery
from estafette.model.rule import Rule
from estafette.relay.scheduling.agenda import Agenda
from estafette.relay.scheduling.feed import LARGEST, SMALLEST, FeedRequest, Window
from estafette.relay.scheduling.lane import Lane
from estafette.relay.scheduling.lanes import Lanes
from estafette.relay.scheduling.pacing import Gate
from estafette.relay.scheduling.recent import ENDED, Recent
from estafette.relay.scheduling.retry import Decision
from estafette.relay.scheduling.rules import RuleBook
from estafette.store.interface.spool import Feed, FeedSummary, Taken

_Name = tuple[str, str, int, str]
_WINDOWS = 4096
_REQUESTS = 64
_KEPT = 8
#: seconds between two reads of a feed in which rules keep everything back, and until the next pass through it
STRETCH_PAUSE = 1.0
PASS_PAUSE = 600.0


def number_of(message: int, number: int) -> int:
    """Return the identity of a row as one integer, the leanest form for a set."""
    return message << 24 | number


class Shelf:
    """Windows and held keys.

    A key is held while its row is ready, in flight, or settled but not yet committed; for a while after that,
    copies of the row from before are known as out of date.
    ready: called with a lane on which a row became ready. most: ready rows in all.
    """

    def __init__(self, lanes: Lanes, ready: Callable[[Lane], None], most: int) -> None:
        self._lanes = lanes
        self._ready = ready
        self._most = most
        self._expected = 0
        self._hungry: deque[Window] = deque()
        self._quiet: list[tuple[float, int, Window]] = []
        self.windows: dict[_Name, Window] = {}
        self.held: dict[int, Window] = {}
        self.recent = Recent()
        self.rows = 0
        self.book = RuleBook()
        self.agenda = Agenda()

    def arrived(self, rows: Iterable[Delivery], time: float) -> None:
        """Keep ready rows that have room; the others are found by reading."""
        held, windows, book, outdated = self.held, self.windows, self.book, self.recent.outdated
        for row in rows:
            key = row.message << 24 | row.number
            if key in held or outdated(key, row.due) or (book.rules and self._blocked(row)):
                continue
            if row.due > time:
                self.agenda.add(Feed(row.lane, row.egress, row.priority, row.tenant), row.due)
                continue
            if book.paces and book.paces.concern(row) and self._slowed(row, time):
                continue
            window = windows.get((row.lane, row.egress, row.priority, row.tenant))
            if window is None:
                window = self._open(Feed(row.lane, row.egress, row.priority, row.tenant))
            behind = (window.more or window.reading) and not window.barren
            if behind or self.rows >= self._most or len(window.rows) >= self._room(window):
                self._overflow(window)
            else:
                held[key] = window
                window.kept += 1
                self._enter(window, row, time)

    def filled(self, feed: Feed, taken: Taken | None, time: float) -> None:
        """Take in what a read brought, None when it failed.

        Rows that are held already, or kept back by a rule, are passed over.
        """
        window = self.windows.get(_name(feed)) or self._open(feed)
        if window.reading:
            self._expected -= window.asked
        if taken is None:
            window.read(None, exhausted=False)
            self._want(window)
            return
        held, book, outdated = self.held, self.book, self.recent.outdated
        for row in taken.rows:
            key = row.message << 24 | row.number
            if key not in held and not outdated(key, row.due) and not (book.rules and self._blocked(row)):
                if book.paces and book.paces.concern(row) and self._slowed(row, time):
                    continue
                held[key] = window
                window.kept += 1
                self._enter(window, _lean(row, window.feed), time)
        window.read(taken.after, exhausted=taken.after is None)
        window.barren = False
        ruled = book.touching(feed) or book.paces.slows(feed)
        if not taken.rows and ruled and window.rest(time, STRETCH_PAUSE if window.more else PASS_PAUSE):
            heapq.heappush(self._quiet, (window.quiet, id(window), window))
        self._want(window)

    def wanted(self, time: float) -> list[FeedRequest]:
        """Return reads to make now, 64 at most; each is answered by ``filled``."""
        requests: list[FeedRequest] = []
        while self._quiet and self._quiet[0][0] <= time:
            window = heapq.heappop(self._quiet)[2]
            window.paused = False
            self._want(window)
        while len(requests) < _REQUESTS and self._space() >= SMALLEST:
            if not self._hungry:
                feed = self.agenda.due(time)
                if feed is None:
                    break
                self.missed(feed)
                if self.book.paces and self.book.paces.reopened(feed, time):
                    self._restart(feed)
            elif (request := self._request(self._hungry.popleft(), time)) is not None:
                requests.append(request)
        return requests

    @property
    def roomy(self) -> bool:
        """Whether a read would have room without eviction."""
        return self._most - self.rows - self._expected >= SMALLEST

    @property
    def pressing(self) -> bool:
        """Whether reads are wanted and have room."""
        return bool(self._hungry) and self.roomy

    def next(self) -> float | None:
        """Return when to look for reads again, on the clock of due times; None: only news can help."""
        times = [each for each in (self.agenda.next(), self._quiet[0][0] if self._quiet else None) if each is not None]
        return min(times, default=None)

    def missed(self, feed: Feed) -> None:
        """Note that a feed holds ready rows that are not here."""
        stored = self._lanes.stored_name(feed.lane)
        for name in {feed.lane, stored}:
            window = self.windows.get((name, feed.egress, feed.priority, feed.tenant))
            self._miss(window or self._open(Feed(name, feed.egress, feed.priority, feed.tenant)))

    def summed(self, summaries: Iterable[FeedSummary], time: float) -> None:
        """Compare with what the spool holds: read what is due, remember when the rest will be."""
        for each in summaries:
            if each.due > time:
                self.agenda.add(each.feed, each.due)
                continue
            window = self.windows.get(_name(each.feed))
            if window is None:
                self.agenda.add_ready(each.feed, time)
            elif window.news(each.count, time):
                self._miss(window)

    def reread(self) -> None:
        """Read every known feed once more from its start."""
        for window in list(self.windows.values()):
            window.wake()
            self._miss(window)

    def pop(self, window: Window) -> Delivery:
        """Take the next row of a window that stands first in its ring."""
        row = window.rows.popleft()
        self.rows -= 1
        if not window.rows:
            self._leave(window)
        if window.more:
            self._want(window)
        return row

    def put_back(self, rows: Sequence[Delivery], time: float) -> None:
        """Return rows that were popped and not tried, to the front; their keys are held still."""
        for row in reversed(rows):
            name = (row.lane, row.egress, row.priority, row.tenant)
            window = self.windows.get(name) or self._open(Feed(*name))
            self._enter(window, row, time, front=True)

    def drop(self, unwanted: Callable[[Delivery], bool], *, keep_keys: bool) -> list[Delivery]:
        """Remove ready rows and return them; ``keep_keys`` leaves their keys held until the commit."""
        dropped: list[Delivery] = []
        for window in list(self.windows.values()):
            gone = [row for row in window.rows if unwanted(row)]
            if gone:
                window.rows = deque(row for row in window.rows if not unwanted(row))
                self._removed(window, gone, keep_keys)
                dropped.extend(gone)
        return dropped

    def release(self, keys: Iterable[int]) -> None:
        """Let go of held keys; those that are not held are passed over."""
        pop = self.held.pop
        for key in keys:
            window = pop(key, None)
            if window is not None:
                window.kept -= 1

    def decided(self, decision: Decision) -> None:
        """Know older copies of a row from now on; one that is put off will have to be read when it is due."""
        row = decision.delivery
        key = row.message << 24 | row.number
        if decision.action == "done":
            self.recent.note(key, ENDED)
        else:
            self.recent.note(key, row.due)
            stored = self._lanes.stored_name(row.lane)
            self.agenda.add(Feed(stored, row.egress, row.priority, row.tenant), decision.due)

    def take_out(self, window: Window, keys: set[tuple[int, int]]) -> None:
        """Remove rows of one window by key; the keys stay held until the commit."""
        gone = [row for row in window.rows if row.key in keys]
        window.rows = deque(row for row in window.rows if row.key not in keys)
        self._removed(window, gone, keep_keys=True)

    def set_rules(self, book: RuleBook) -> bool:
        """Put rules in force; True when a rule was lifted, so that feeds must be summed again."""
        lifted = book.lifted_since(self.book)
        book.paces.follow(self.book.paces)
        self.book = book
        if book.rules:
            self.drop(self._blocked, keep_keys=False)
        if lifted:
            self.reread()
        return lifted

    def spend(self, rows: Sequence[Delivery], time: float) -> None:
        """Count rows that are taken; others of a stream that has used its leave go back to the spool for a while."""
        for gate in self.book.paces.of(rows[0], self._lanes.stored_name(rows[0].lane)):
            gate.left -= len(rows)
            opens = gate.closed_until(time)
            if opens:
                self._close(gate, opens)

    def _close(self, gate: Gate, opens: float) -> None:
        asks = gate.rule.filter
        for window in [each for each in self.windows.values() if each.feed.tenant == asks.tenant and each.rows]:
            gone = [row for row in window.rows if gate in self.book.paces.of(row, self._lanes.stored_name(row.lane))]
            if gone:
                keys = {row.key for row in gone}
                window.rows = deque(row for row in window.rows if row.key not in keys)
                self._put_off(window.feed, opens)
                self._removed(window, gone, keep_keys=False)

    def _slowed(self, row: Delivery, time: float) -> bool:
        """Return whether a row has to wait for a gate; its feed is read again then."""
        opens = self.book.paces.closed_until(row, self._lanes.stored_name(row.lane), time)
        if opens:
            self._put_off(Feed(row.lane, row.egress, row.priority, row.tenant), opens)
        return opens > 0

    def _put_off(self, feed: Feed, opens: float) -> None:
        self.agenda.add(feed, opens)
        self.book.paces.await_opening(feed, opens)

    def _restart(self, feed: Feed) -> None:
        for name in {feed.lane, self._lanes.stored_name(feed.lane)}:
            window = self.windows.get((name, feed.egress, feed.priority, feed.tenant))
            if window is not None:
                window.restart()
                self._want(window)

    def move(self, old: Lane, new: Lane) -> None:
        """Hand the rows of a domain's lane to the lane of its site."""
        if old is new:
            return
        for mine, theirs in zip(old.rings, new.rings, strict=True):
            for window in mine:
                window.lane = new
                theirs.append(window)
            mine.clear()

    def renamed(self, domain: str) -> None:
        """Look for rows under the site's name that were left in the spool under the domain's; apply its rules."""
        if self.book:
            self.drop(self._blocked, keep_keys=False)
        for window in [each for each in self.windows.values() if each.feed.lane == domain]:
            if window.more or window.reading:
                self.missed(window.feed)

    def _blocked(self, row: Delivery) -> bool:
        return self.book.blocking(row, self._lanes.stored_name(row.lane)) is not None

    def _open(self, feed: Feed) -> Window:
        if len(self.windows) >= _WINDOWS:
            self.windows = {name: each for name, each in self.windows.items() if not each.idle}
        window = self.windows[_name(feed)] = Window(feed)
        return window

    def _enter(self, window: Window, row: Delivery, time: float, *, front: bool = False) -> None:
        if not window.ringed:
            window.ringed = True
            lane = window.lane = self._lanes.of(row, time)
            lane.rings[row.priority].append(window)
            self._ready(lane)
        if front:
            window.rows.appendleft(row)
        else:
            window.rows.append(row)
        self.rows += 1

    def _leave(self, window: Window) -> None:
        assert window.lane is not None
        window.lane.rings[window.feed.priority].remove(window)
        window.ringed = False
        window.deficit = 0

    def _removed(self, window: Window, gone: list[Delivery], keep_keys: bool) -> None:
        self.rows -= len(gone)
        if not keep_keys:
            self.release(number_of(row.message, row.number) for row in gone)
        if not window.rows:
            self._leave(window)
        self._want(window)

    def _overflow(self, window: Window) -> None:
        if self._lanes.stored_name(window.feed.lane) != window.feed.lane:
            self.missed(window.feed)
        else:
            self._miss(window)

    def _miss(self, window: Window) -> None:
        window.overflow()
        self._want(window)

    def _want(self, window: Window) -> None:
        lane = window.lane
        if window.rows and lane is not None and (lane.dead or not lane.settled):
            return  # a lane that cannot send has enough with one row: reading more would only be evicted again
        if not window.wants and window.hungry:
            window.wants = True
            self._hungry.append(window)

    def _request(self, window: Window, time: float) -> FeedRequest | None:
        window.wants = False
        if self.book.rules and self.book.covering(window.feed):
            window.more = window.dirty = False
        if not window.hungry:
            return None
        after, limit = window.request(min(self._space(), self._room(window)))
        self._expected += limit
        rules = [*self.book.touching(window.feed), *self._closed(window.feed, time)]
        return FeedRequest(window.feed, after, limit, time, tuple(rules))

    def _closed(self, feed: Feed, time: float) -> list[Rule]:
        """Return the rules that slow rows of a feed just now; it is read again when the first of them opens."""
        gates = self.book.paces.closed(feed, time) if self.book.paces else ()
        if gates:
            self._put_off(feed, min(gate.opens for gate in gates))
        return [gate.rule for gate in gates]

    def _room(self, window: Window) -> int:
        lane = window.lane
        if lane is not None and (lane.dead or not lane.settled):
            return window.size
        return max(window.size, min(LARGEST, self._most // (len(self.windows) or 1)))

    def _space(self) -> int:
        space = self._most - self.rows - self._expected
        return self._evict() if space < SMALLEST else space

    def _evict(self) -> int:
        """Make room: lanes that cannot send keep eight rows of each feed; the rest is read again in time."""
        for window in self.windows.values():
            lane = window.lane
            if lane is None or not (lane.dead or not lane.settled) or len(window.rows) <= _KEPT:
                continue
            gone = [window.rows.pop() for _ in range(len(window.rows) - _KEPT)]
            self.rows -= len(gone)
            self.release(number_of(row.message, row.number) for row in gone)
            window.overflow()
        return self._most - self.rows - self._expected


def _name(feed: Feed) -> _Name:
    return (feed.lane, feed.egress, feed.priority, feed.tenant)


def _lean(row: Delivery, feed: Feed) -> Delivery:
    """Let rows of a feed share their equal strings; a row that was read is nobody else's yet."""
    force_setattr(row, "lane", feed.lane)
    force_setattr(row, "egress", feed.egress)
    force_setattr(row, "tenant", feed.tenant)
    force_setattr(row, "stream", intern(row.stream))
    force_setattr(row, "domain", intern(row.domain))
    force_setattr(row, "from_domain", intern(row.from_domain))
    force_setattr(row, "credential", intern(row.credential))
    return row
