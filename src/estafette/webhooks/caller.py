"""One request: the calls that it carries are signed and posted, and what came of it is put in words."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from estafette.base import log
from estafette.base.clock import Clock
from estafette.model.webhook import Call, Try
from estafette.net.posting import Answer, PostFault
from estafette.webhooks.form import Form
from estafette.webhooks.keys import Keys
from estafette.webhooks.schedule import wished
from estafette.webhooks.signature import headers
from estafette.webhooks.verdict import Verdict, explained, verdict

_log = log.get("webhooks")
#: Characters of an answer that the log keeps.
REPLY = 1000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Posts(Protocol):
    """What posts; ``net.posting.Poster``."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return what was answered; PostFault."""
        ...


class Outcome(msgspec.Struct, frozen=True):
    """What came of a request. wish: seconds that the other side wants to be left alone, 0 = it said nothing."""

    attempt: Try
    verdict: Verdict
    wish: float = 0.0


class Caller:
    """Makes requests."""

    def __init__(self, posts: Posts, clock: Clock) -> None:
        self._posts = posts
        self._clock = clock

    async def make(self, url: str, form: Form, keys: Keys, calls: Sequence[Call]) -> Outcome:
        """Make one request of the calls; the first one names it."""
        now, began = self._clock.now(), time.perf_counter()
        body = form.joined([call.body for call in calls])
        sent = {"Content-Type": "application/json", **headers(calls[0].id, int(now), body, keys.good(now))}
        if keys.authorization:
            sent["Authorization"] = keys.authorization
        try:
            answer = await self._posts.post(url, body, sent)
        except PostFault as fault:
            return Outcome(Try(now, ms=_since(began), why=str(fault)), "again")
        except Exception as error:  # no call is lost by a fault of ours
            _log.error("webhook_call_broke", webhook=calls[0].webhook, exc_info=error)
            return Outcome(Try(now, ms=_since(began), why="it could not be made; the operator's log says why"), "again")
        reply = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", answer.body.decode("utf-8", "replace"))[:REPLY]
        attempt = Try(now, answer.status, _since(began), explained(answer.status), reply)
        return Outcome(attempt, verdict(answer.status), wished(answer.retry_after, now))


def _since(began: float) -> int:
    return int((time.perf_counter() - began) * 1000)
