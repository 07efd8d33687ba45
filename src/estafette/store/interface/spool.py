"""The spool: where accepted mail rests until every recipient has ended. The hot path of the store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from typing import Any, Literal, Protocol
from zlib import crc32

import msgspec

from estafette.model.message import Content, Delivery, Submission
from estafette.model.rule import Filter, Rule


class Feed(msgspec.Struct, frozen=True, array_like=True):
    """The unit of reading: deliveries that share lane, egress group, priority and tenant, in (due, message) order."""

    lane: str
    egress: str
    priority: int
    tenant: str


class FeedSummary(msgspec.Struct, frozen=True, array_like=True):
    """What a feed holds: how many rows, counted up to ``COUNTED``, and the earliest due time."""

    feed: Feed
    count: int
    due: float


class Taken(msgspec.Struct, frozen=True, array_like=True):
    """Deliveries read from a feed, and the key (due, message, number) to continue after; None: nothing is left."""

    rows: Sequence[Delivery]
    after: tuple[float, int, int] | None


class Settlement(msgspec.Struct, frozen=True, array_like=True):
    """The end of one attempt, to be committed together with its event.

    kind: ``done`` ends the row (delivered, sent, bounced, failed, rejected: the event says which); ``defer`` moves it
    to ``due``. Both are idempotent by key; ``done`` is always applied, ``defer`` only from the current owner.
    event: ``model.event.pack`` of the event, b"" for none. last: reply in short for the row.
    notice: not empty when the sender is to be told: ``relay.feedback``'s encoded item, kept until it was told.
    spent: False when the attempt must not be counted. also: packed events that follow from an end, and move nothing.
    """

    message: int
    number: int
    kind: Literal["done", "defer"]
    event: bytes = b""
    due: float = 0.0
    last: str = ""
    notice: bytes = b""
    notified: int = 0
    spent: bool = True
    also: tuple[bytes, ...] = ()


class Notice(msgspec.Struct, frozen=True, array_like=True):
    """An obligation to tell a sender about one recipient, durable since the settle that caused it."""

    message: int
    number: int
    due: float
    item: bytes


class Read(msgspec.Struct, frozen=True, array_like=True):
    """What came of a returned message, committed together with the mark that it is read.

    id: of the message. until: when it is removed, unix seconds. events: packed, written once. notices: what senders
    are to be told; one whose message is no longer kept is left out.
    """

    id: int
    until: float
    events: tuple[bytes, ...] = ()
    notices: tuple[Notice, ...] = ()


class Quarantined(msgspec.Struct, frozen=True, array_like=True):
    """A damaged row set aside: kept whole, never delivered, always reported."""

    message: int
    at: float
    reason: str


class Page(msgspec.Struct, frozen=True, array_like=True):
    """One page of deliveries; ``next`` is the key to continue after, None at the end."""

    items: tuple[Delivery, ...]
    next: tuple[int, int] | None = None


class Health(msgspec.Struct, frozen=True, array_like=True):
    """Whether the store can take more: ``accepting`` False makes intake answer 452 before DATA, with ``why``."""

    accepting: bool = True
    why: str = ""
    free_bytes: int = 0
    queued: int = 0
    commit_ms: float = 0.0


class Wake(msgspec.Struct, frozen=True, array_like=True):
    """A hint pushed to a courier: new deliveries, or that rules or due times changed and feeds must be read again."""

    deliveries: tuple[Delivery, ...] = ()
    rules: bool = False
    reread: bool = False


class Spool(Protocol):
    """What a spool backend does. All methods are safe to call concurrently; errors are ``StoreFault``."""

    def accept(self, submission: Submission) -> Awaitable[None]:
        """Make a submission durable, all or nothing; the awaitable ends after the commit was synced."""
        ...

    def accept_many(self, submissions: Sequence[Submission]) -> Awaitable[None]:
        """Make submissions durable together, in one commit: all of them or none; few enough for one frame, 64 MiB."""
        ...

    async def content_writer(self, message: int) -> ContentWriter:
        """Open a streamed body of a message to come; its file is synced by ``close`` before ``accept`` names it."""
        ...

    async def lease(self, worker: str, want: int) -> Mapping[int, int]:
        """Give a courier up to ``want`` shards: shard -> epoch. ``SHARDS`` exist in all."""
        ...

    async def renew(self, worker: str) -> Mapping[int, int]:
        """Keep the shards of a courier; return those it still owns."""
        ...

    async def release(self, worker: str) -> None:
        """Give up every shard of a courier."""
        ...

    def wakes(self, worker: str) -> AsyncIterator[Wake]:
        """Pushed hints for a courier's shards; the first says to read again.

        Any may be lost, so ``feeds`` is read every minute.
        """
        ...

    async def feeds(self, worker: str) -> Sequence[FeedSummary]:
        """One look at each feed of the courier's shards, however deep it is; for take-over and reconciliation."""
        ...

    async def waiting(self) -> Mapping[str, tuple[int, int]]:
        """Return what waits by tenant: (recipients, octets of messages); a look at every row, for a timer only."""
        ...

    async def take(
        self, feed: Feed, *, until: float, after: tuple[float, int, int] | None = None, limit: int = 500,
        exclude: Sequence[Rule] = (),
    ) -> Taken:  # fmt: skip
        """Read deliveries of a feed due at ``until`` or before, in (due, message, number) order after a key.

        Rows that a rule of ``exclude`` matches are left out; of these no more than some thousands are looked at in
        one call, so that few rows, or none, need not mean that nothing is left.
        """
        ...

    async def contents(self, ids: Sequence[int]) -> Mapping[int, Content]:
        """Return contents by message id; a damaged one is quarantined and missing from the answer."""
        ...

    async def open_body(self, content: Content) -> Any:
        """Return a readable binary file object over a body that rests in a file."""
        ...

    def settle(self, worker: str, epochs: Mapping[int, int], settlements: Sequence[Settlement]) -> Awaitable[None]:
        """Commit ends of attempts with their events; ``worker`` owns the rows it defers at the named epochs."""
        ...

    async def place(self, sites: Mapping[str, str]) -> None:
        """Remember domain -> site, and move waiting rows of these domains to the site's lane."""
        ...

    async def rules(self) -> Sequence[Rule]:
        """Return every rule in force."""
        ...

    async def add_rule(self, rule: Rule) -> None:
        """Make a rule durable and wake every courier."""
        ...

    async def remove_rules(self, kind: str, selection: Filter) -> int:
        """Lift the rules whose filter equals or lies within ``selection``, but for those of suspensions.

        Return how many.
        """
        ...

    async def lift_rules(self, ids: Sequence[int]) -> None:
        """Lift rules by id, whoever made them."""
        ...

    async def find(self, selection: Filter, *, after: tuple[int, int] | None = None, limit: int = 100) -> Page:
        """Return one page of waiting deliveries, by (message, number)."""
        ...

    async def requeue(self, selection: Filter, now: float) -> int:
        """Make matching deliveries due now; return how many."""
        ...

    async def reschedule(self, tenant: str, message: int, due: float) -> int:
        """Give those recipients of a tenant's message that were never tried another time; return how many.

        How long delivery may take counts from the new time.
        """
        ...

    async def notices(self, now: float, limit: int = 100) -> Sequence[Notice]:
        """Return due obligations to tell senders, whole messages at a time."""
        ...

    async def keep_return(self, content: Content, event: bytes) -> None:
        """Keep a message that came back, whole, with its event, b"" for none; nothing is delivered of it."""
        ...

    async def unread(self, limit: int = 500, after: int = 0) -> Sequence[tuple[int, Content | None]]:
        """Return kept messages that nobody has read, oldest first, some MiB at most; None for a damaged one.

        after: the number behind which to begin.
        """
        ...

    async def returned(self, ids: Sequence[int]) -> Mapping[int, Content]:
        """Return messages that came back, or in by a route, as long as they are kept; a damaged one is left out."""
        ...

    async def returned_heads(self, ids: Sequence[int]) -> Mapping[int, Content]:
        """As ``returned``, without the bodies."""
        ...

    async def remembered(self, ids: Sequence[int]) -> Mapping[int, Content]:
        """Return messages without their bodies; letters of people also some days after they were removed."""
        ...

    async def close_returns(self, read: Sequence[Read]) -> int:
        """Mark kept messages as read, and write what came of them, in one commit; return how many were unread.

        A message that was read or removed before is passed over with everything that comes of it.
        """
        ...

    async def record(self, events: Sequence[bytes]) -> None:
        """Log packed events that move no row: measured, unsubscribed, complained. A known id is passed over later."""
        ...

    async def outbox(self, after: int, limit: int = 1000) -> Sequence[tuple[int, bytes]]:
        """Feed of packed events in commit order: (position, packed event); never skips one that committed late."""
        ...

    async def outbox_done(self, upto: int) -> None:
        """Forget events up to a position; the history has them."""
        ...

    async def flush(self) -> None:
        """Return once the history has every event that is committed now."""
        ...

    async def quarantined(self) -> Sequence[Quarantined]:
        """Return what was set aside as damaged."""
        ...

    async def sweep(self, now: float) -> int:
        """Remove contents whose retention ended, and orphaned body files; return how many."""
        ...

    async def counts(self) -> Mapping[str, int]:
        """Return the ledger's own counters: accepted and, by terminal kind, ended recipients, and queued rows."""
        ...

    async def backup(self, folder: str) -> None:
        """Write a consistent copy into a folder while running."""
        ...

    def health(self) -> Health:
        """Return the last known verdict; cheap, called before each DATA."""
        ...

    async def close(self) -> None:
        """Finish commits and close."""
        ...


class ContentWriter(Protocol):
    """A body larger than 256 KiB on its way in."""

    @property
    def name(self) -> str:
        """The name to put in ``Content.file``."""
        ...

    def write(self, piece: bytes | memoryview) -> None:
        """Append a piece (buffered; may write to disk)."""
        ...

    async def close(self) -> None:
        """Sync the file and its folder; StoreFault when either fails."""
        ...

    async def discard(self) -> None:
        """Remove it; the transaction was given up."""
        ...


SHARDS = 64
#: A feed's rows are counted no further; more than any courier holds of one.
COUNTED = 8_192
INLINE_LIMIT = 256 * 1024


def shard_of(lane: str) -> int:
    """Return the shard that a lane belongs to."""
    return crc32(lane.encode("utf-8", "surrogatepass")) % SHARDS
