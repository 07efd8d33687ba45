"""The notice desk: turns obligations to tell a sender into messages, each exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import groupby
from typing import Literal

from estafette.base import log
from estafette.base.clock import Clock
from estafette.base.errors import StoreFault
from estafette.base.ids import Mint
from estafette.mail import late
from estafette.model.user import Language
from estafette.relay.feedback import notices
from estafette.store.interface.spool import Notice, Spool

HEAD_LIMIT = 256 * 1024
EVERY = 1.0

_log = log.get("relay.notice_desk")


class NoticeDesk:
    """Reads due obligations and submits one report per message; the rows vanish in the commit that accepts it.

    language: in which a tenant (its id) is written to, "" when nobody knows.
    """

    def __init__(
        self, *, spool: Spool, clock: Clock, mint: Mint, hostname: str, expire: float,
        language: Callable[[str], Language | Literal[""]],
    ) -> None:  # fmt: skip
        self._spool = spool
        self._clock = clock
        self._mint = mint
        self._hostname = hostname
        self._expire = expire
        self._language = language

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                await self.turn()
            except StoreFault as fault:
                _log.warning("store_unreachable", cause=fault.cause)
            except Exception as error:
                _log.error("notice_failed", exc_info=error)
            await asyncio.sleep(EVERY)

    async def turn(self) -> int:
        """Tell everybody who is due; return how many reports were submitted."""
        due = await self._spool.notices(self._clock.now())
        told = 0
        for message, group in groupby(due, key=lambda notice: notice.message):
            told += await self._tell(message, list(group))
        return told

    async def _tell(self, message: int, items: list[Notice]) -> int:
        content = (await self._spool.contents([message])).get(message)
        if content is None:  # a failure told late: only who sent it is remembered
            content = (await self._spool.remembered([message])).get(message)
        if content is None:
            _log.error("notice_without_content", message=message)
            return 0
        head = content.body
        if content.file:
            with await self._spool.open_body(content) as body:
                head = body.read() if content.late else body.read(HEAD_LIMIT)
        if content.late and head:
            head = late.write(late.opened(head), items[0].number)
        submission = notices.compose(
            content,
            items,
            head,
            now=self._clock.now(),
            hostname=self._hostname,
            mint=self._mint,
            expire=self._expire,
            language=self._language(content.tenant),
        )
        await self._spool.accept(submission)
        return 1
