"""Idempotency: a request that comes twice under one key is answered twice and sent once, for 24 hours.

The answer is kept before the letters are: when the process dies between the two, the ids in it tell which letters
never became durable, and only those are taken when the request comes again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import msgspec

from estafette.base.clock import Clock
from estafette.base.errors import Refusal
from estafette.model.event import Event
from estafette.model.message import Submission
from estafette.model.placement import Result
from estafette.relay.submission.wrong import Wrong, wrong
from estafette.store.interface.receipts import Receipt, Receipts

LASTS = 86_400.0
#: Seconds within which another process may still be making durable what it has answered.
UNDER_WAY = 30.0
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Result]).decode


class Known(Protocol):
    """Where it is looked up what became durable."""

    async def contents(self, ids: Sequence[int]) -> Any:
        """Return contents by id."""
        ...


class Told(Protocol):
    """The log, for messages whose content is gone."""

    async def of_message(self, message: int) -> Sequence[Event]:
        """Return the events of a message."""
        ...


def digest_of(request: object) -> bytes:
    """Return the SHA-256 by which a request is known again."""
    return hashlib.sha256(_encode(request)).digest()


class Repetition:
    """The keys of one process; requests with the same key wait for each other."""

    def __init__(self, receipts: Receipts, spool: Known, history: Told, clock: Clock) -> None:
        self._receipts = receipts
        self._spool = spool
        self._history = history
        self._clock = clock
        self._under_way: dict[tuple[str, str], tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def alone(self, credential: str, key: str) -> AsyncIterator[None]:
        """Keep others with the same key waiting."""
        place = (credential, key)
        lock, waiting = self._under_way.get(place, (asyncio.Lock(), 0))
        self._under_way[place] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._under_way.pop(place)
            if waiting > 1:
                self._under_way[place] = (lock, waiting - 1)

    async def once(self, submission: Submission, digest: bytes, accept: Callable[[Submission], Awaitable[None]]) -> int:
        """Accept a submission unless its key says that it was; return the id of the message that counts.

        Refusal when the key belongs to another message.
        """
        credential, key = submission.content.credential, submission.key
        answer = [Result(index=0, status="queued", id=submission.content.id)]
        async with self.alone(credential, key):
            try:
                before = await self.before(credential, key, digest) or await self.keep(credential, key, digest, answer)
            except Wrong as error:
                code, enhanced = (451, "4.5.0") if error.trouble.code == "idempotency_in_progress" else (550, "5.5.0")
                raise Refusal(code, enhanced, error.trouble.detail, rule=error.trouble.code) from None
            if before and before[0].id:
                return before[0].id
            if before:
                await self.replace(credential, key, digest, answer)
            await accept(submission)
        return submission.content.id

    async def before(self, credential: str, key: str, digest: bytes) -> list[Result] | None:
        """Return the answer of an earlier request; a letter of it that was never kept has id 0. None: there is none.

        Wrong 409 when the key belongs to another request.
        """
        receipt = await asyncio.to_thread(self._receipts.find, credential, key)
        if receipt is None or receipt.created < self._clock.now() - LASTS:
            return None
        return await self._answer(receipt, digest)

    async def keep(self, credential: str, key: str, digest: bytes, results: Sequence[Result]) -> list[Result] | None:
        """Keep an answer before its letters; return the one that another process gave first, None when this counts."""
        now = self._clock.now()
        answer = _encode(list(results))
        receipt = Receipt(credential=credential, key=key, digest=digest, answer=answer, created=now)
        first = await asyncio.to_thread(self._receipts.keep, receipt, stale=now - LASTS)
        return await self._answer(first, digest) if first is not None else None

    async def replace(self, credential: str, key: str, digest: bytes, results: Sequence[Result]) -> None:
        """Put another answer under a key."""
        answer, now = _encode(list(results)), self._clock.now()
        receipt = Receipt(credential=credential, key=key, digest=digest, answer=answer, created=now)
        await asyncio.to_thread(self._receipts.replace, receipt)

    async def _answer(self, receipt: Receipt, digest: bytes) -> list[Result]:
        if receipt.digest != digest:
            detail = "the idempotency key was used with another request"
            raise wrong("idempotency_mismatch", detail, "use a new key for a new request", status=409)
        results = [msgspec.structs.replace(result, replayed=True) for result in _decode(receipt.answer)]
        lost = await self._lost([result.id for result in results if result.id])
        if lost and receipt.created > self._clock.now() - UNDER_WAY:
            detail = "a request with this idempotency key is under way"
            raise wrong("idempotency_in_progress", detail, "ask again in some seconds", status=409)
        return [msgspec.structs.replace(each, id=0) if each.id in lost else each for each in results]

    async def _lost(self, messages: Sequence[int]) -> set[int]:
        kept = await self._spool.contents(messages)
        return {each for each in messages if each not in kept and not await self._history.of_message(each)}
