"""One attempt: a parcel's recipients behind one route, over as many sessions as the caps allow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from estafette.model.event import Reply
from estafette.model.message import Delivery
from estafette.model.outcome import Outcome, Verdict
from estafette.relay.delivery.connection import Connection
from estafette.relay.delivery.exit import Exit
from estafette.relay.delivery.mx import Route
from estafette.relay.delivery.parcel import End, Parcel
from estafette.relay.delivery.pool import Key, Pool
from estafette.relay.delivery.targets import MAX_ADDRESSES, MAX_SESSIONS, Target, Targets
from estafette.relay.delivery.verdict import SOURCE_REFUSED, TOO_MANY, conclude, from_end, from_failure
from estafette.smtp.answer import Answer
from estafette.smtp.transaction import Transaction, objection

_NO_HOST = End("deferred", Reply(451, "4.4.1", "no host could be tried"), "no_host", "connect", None, True)
_SPECIAL = "special_use_address"
#: Transactions within one attempt.
MAX_ROUNDS = 20


class Attempt:
    """Tries hosts until every recipient has its answer. ``run`` returns one outcome per delivery."""

    def __init__(self, parcel: Parcel, route: Route, way: Exit, pool: Pool, targets: Targets) -> None:
        self._parcel = parcel
        self._route = route
        self._way = way
        self._pool = pool
        self._targets = targets
        self._trail: AsyncGenerator[Target, None] | None = None
        self._addresses = 0
        self._sessions = 0
        self._fresh = False
        self._ends: list[End] = []
        self._last: dict[tuple[int, int], Outcome] = {}

    async def run(self, deliveries: list[Delivery]) -> list[Outcome]:
        """Deliver; never raises but CancelledError."""
        outcomes: list[Outcome] = []
        pending = deliveries
        # A peer that takes few recipients at a time gets the rest at once, within reason.
        for _ in range(MAX_ROUNDS):
            if not pending:
                break
            connection = None if self._fresh else self._pool.take(self._keys(), self._rests)
            reused = connection is not None
            connection = connection or await self._open()
            if connection is None:
                break
            done, pending = await self._transact(connection, pending, reused=reused)
            outcomes += done
        if self._trail is not None:
            await self._trail.aclose()
        if pending:
            end = self._end()
            outcomes += [self._last.get(d.key) or from_end(d, end, site=self._parcel.site) for d in pending]
        return outcomes

    def _rests(self, source: str) -> bool:
        return self._way.rests(source, self._parcel.site)

    def _keys(self) -> list[Key]:
        return [(self._parcel.site, self._way.name, host) for _, host in self._route.hosts]

    async def _open(self) -> Connection | None:
        """Return the next session that gets ready, None when the caps or the addresses are used up."""
        if self._trail is None:
            literal = self._route.kind in ("literal", "smarthost")
            self._trail = self._targets.of(self._route.hosts, literal=literal)
        origin = asyncio.get_running_loop().time()
        while self._addresses < MAX_ADDRESSES and self._sessions < MAX_SESSIONS:
            target = await anext(self._trail, None)
            if target is None:
                return None
            connection, failure, detail = await self._way.open(target, origin, self._parcel.site)
            if failure is None:
                self._addresses += 1
                self._sessions += 1
                return connection
            if failure.reason == _SPECIAL:
                # Nothing was tried, so it takes no turn from the addresses that may be; but their number is bounded.
                end = End("failed", Reply(550, "5.4.4", detail[:512]), _SPECIAL, "connect")
            else:
                self._addresses += 1
                self._sessions += failure.phase != "connect"
                end = from_failure(failure, detail)
            self._ends.append(end)
        return None

    def _end(self) -> End:
        """Of several troubles the one that may heal counts; a permanent one only when all are permanent."""
        ends = [*self._ends, *([self._targets.end] if self._targets.end else [])]
        return next((end for end in reversed(ends) if end.verdict == "deferred"), ends[-1] if ends else _NO_HOST)

    async def _transact(
        self, connection: Connection, pending: list[Delivery], *, reused: bool
    ) -> tuple[list[Outcome], list[Delivery]]:
        transaction = self._transaction(pending)
        refusal = objection(transaction, connection.client.offer)
        if refusal is not None:
            self._keep(connection)
            end = End("failed", refusal.reply, refusal.reason, "mail")
            return [from_end(d, end, site=self._parcel.site, source=connection.source) for d in pending], []
        client = connection.client
        if reused:
            client.rebase(asyncio.get_running_loop().time())
        try:
            answers = await connection.send(transaction)
        except ValueError as error:
            self._keep(connection)
            end = End("failed", Reply(553, "5.1.3", str(error)), "unsayable_envelope", "mail")
            return [from_end(d, end, site=self._parcel.site) for d in pending], []
        stale = reused and not client.spoken and client.failure is not None
        done, again = self._read(connection, pending, answers, stale=stale)
        self._keep(connection)
        return done, again

    def _read(
        self, connection: Connection, pending: list[Delivery], answers: list[Answer], *, stale: bool
    ) -> tuple[list[Outcome], list[Delivery]]:
        """Split into outcomes and those that another host may still take: lost before the dot, or too many."""
        done: list[Outcome] = []
        again: list[Delivery] = []
        accepted: Verdict = "sent" if self._way.smarthost else "delivered"
        steps, dsn = tuple(connection.client.steps), connection.client.offer.dsn
        site, source = self._parcel.site, connection.source
        refusals = [(each.reply, each.phase) for each in answers if each.reply is not None and each.reply.code >= 400]
        elsewhere = any(self._way.refused(source, site, reply, phase) for reply, phase in refusals)
        for delivery, answer in zip(pending, answers, strict=True):
            if stale:
                self._fresh = True
                again.append(delivery)
                continue
            outcome = conclude(
                delivery, answer, accepted=accepted, dsn=dsn, site=site, source=source, steps=steps, elsewhere=elsewhere
            )  # fmt: skip
            lost = answer.phase != "dot" and (answer.reply is None or answer.reply.code == 421)
            # Whoever says goodbye on a kept session is asked once more, on a new one: others may be as old.
            self._fresh = self._fresh or lost
            if lost or outcome.reason in (TOO_MANY, SOURCE_REFUSED):
                self._last[delivery.key] = outcome
                again.append(delivery)
            else:
                done.append(outcome)
        return done, again

    def _keep(self, connection: Connection) -> None:
        parcel = self._parcel
        key = (parcel.site, self._way.name, connection.host)
        self._pool.put(connection, key, messages=parcel.messages_per_connection, keep=parcel.keep_idle)

    def _transaction(self, deliveries: list[Delivery]) -> Transaction:
        parcel = self._parcel
        return Transaction(
            sender=parcel.sender, recipients=deliveries, size=parcel.size, body=parcel.body, pieces=parcel.pieces,
            body_type=parcel.body_type, smtputf8=parcel.smtputf8, eight_bit=parcel.eight_bit, ret=parcel.ret,
            envid=parcel.envid,
        )  # fmt: skip
