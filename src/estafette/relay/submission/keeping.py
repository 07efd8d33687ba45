"""Letters that passed the gate are made durable: many in one commit, large ones with a file of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from estafette.base import metrics
from estafette.model.message import Submission
from estafette.relay.submission.desk import SpoolLike
from estafette.store.interface.spool import INLINE_LIMIT

#: Most recipients, and octets of messages, that are handed to the spool in one piece; it writes them without holding
#: up others.
BUNDLE_ROWS = 128
BUNDLE_OCTETS = 1 << 20

_accepted = metrics.counter("api_accepted", "Recipients accepted through the HTTP API.")


async def keep(spool: SpoolLike, submissions: Sequence[Submission]) -> None:
    """Return once every submission is durable. StoreFault."""
    large = [each for each in submissions if len(each.content.body) > INLINE_LIMIT]
    small = [each for each in submissions if len(each.content.body) <= INLINE_LIMIT]
    if len(submissions) == 1:
        await (_large(spool, large[0]) if large else spool.accept(small[0]))
    else:
        bundles = (spool.accept_many(bundle) for bundle in _bundles(small))
        await asyncio.gather(*bundles, *(_large(spool, each) for each in large))
    _accepted.inc(sum(len(each.deliveries) for each in submissions))


async def _large(spool: SpoolLike, submission: Submission) -> None:
    """Make one submission durable whose body goes to a file before the commit that names it."""
    content = submission.content
    writer = await spool.content_writer(content.id)
    try:
        writer.write(content.body)
        await writer.close()
        moved = msgspec.structs.replace(content, body=b"", file=writer.name)
        await spool.accept(msgspec.structs.replace(submission, content=moved))
    except BaseException:
        await writer.discard()
        raise


def _bundles(submissions: Iterable[Submission]) -> Iterator[list[Submission]]:
    bundle: list[Submission] = []
    rows = octets = 0
    for each in submissions:
        rows, octets = rows + len(each.deliveries), octets + len(each.content.body)
        if bundle and (rows > BUNDLE_ROWS or octets > BUNDLE_OCTETS):
            yield bundle
            bundle, rows, octets = [], len(each.deliveries), len(each.content.body)
        bundle.append(each)
    if bundle:
        yield bundle
