"""The loader: contents for jobs, read many at a time; those with recipients yet to come are kept for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from estafette.model.message import Content
from estafette.relay.scheduling.job import Job
from estafette.store.interface.spool import Spool

CACHE = 64 * 1024 * 1024
LARGEST = CACHE // 8


class Loader:
    """Reads contents, and keeps ``CACHE`` octets of those that further jobs will ask for."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._kept: OrderedDict[int, Content] = OrderedDict()
        self._octets = 0

    async def load(self, jobs: Sequence[Job]) -> dict[int, Content]:
        """Return the contents of jobs by message id; a damaged one is missing. StoreFault when it cannot be read."""
        found: dict[int, Content] = {}
        wanted: dict[int, int] = {}
        for job in jobs:
            message = job.deliveries[0].message
            kept = self._kept.get(message)
            if kept is not None:
                self._kept.move_to_end(message)
                found[message] = kept
            else:
                wanted[message] = len(job.deliveries)
        if wanted:
            for message, content in (await self._spool.contents(list(wanted))).items():
                found[message] = content
                if content.recipients > wanted[message]:
                    self._keep(content)
        return found

    def _keep(self, content: Content) -> None:
        if content.id in self._kept or len(content.body) > LARGEST:
            return
        self._kept[content.id] = content
        self._octets += len(content.body)
        while self._octets > CACHE:
            _, oldest = self._kept.popitem(last=False)
            self._octets -= len(oldest.body)
