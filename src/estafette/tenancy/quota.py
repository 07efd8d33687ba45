"""What a process may spend of each tenant's units: shares in memory, so that a message costs no look at the database.

Whoever accepts mail awaits what ``lacking`` returns before it books. ``book`` itself never waits, with one exception: a
message that names another stream, whose recipients weigh more, may find too little; then it asks the control tables
itself, once for a whole slice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable
from datetime import UTC, datetime

import msgspec

from estafette.base import log
from estafette.base.clock import Clock
from estafette.base.errors import Refusal, StoreFault
from estafette.model.credential import Identity
from estafette.model.plan import Plan
from estafette.model.suspension import Suspension
from estafette.model.tenant import Tenant
from estafette.store.interface.control import Control
from estafette.tenancy import grants
from estafette.tenancy.consumption import calendar_of
from estafette.tenancy.grants import Denial, Share
from estafette.tenancy.rules import shipped
from estafette.tenancy.windows import Windows

#: Seconds between two looks at which tenants need new shares.
TEND_EVERY = 0.25
#: Seconds for which a no is remembered: a new pack or plan takes effect after that.
REMEMBERED = 3.0
#: Seconds between two looks at suspensions, and after which a suspended sender may ask again.
LEARN_EVERY = 2.0
RETRY_SUSPENDED = 3600.0
#: Seconds for which a day of a tenant's zone may last, when clocks are set back.
LONGEST_DAY = 25 * 3600

_log = log.get("tenancy.quota")


class Entry(msgspec.Struct, frozen=True):
    """Some recipients of a message. due: when the first may go, step: seconds between them.

    charged: their window's first second, 0 = they may go now.
    """

    recipients: int
    due: float
    charged: int = 0
    step: float = 0.0


class Terms(msgspec.Struct, frozen=True):
    """What a message may do that may not simply go.

    entries: empty when nothing waits. bulk: why it goes in the bulk lane, "" when it does not.
    """

    entries: tuple[Entry, ...] = ()
    bulk: str = ""


class _Purse(msgspec.Struct):
    """What this process holds of one tenant."""

    shares: deque[Share]
    plan: Plan | None = None
    kinds: dict[str, str] = {}
    size: int = 1
    denial: Denial | None = None
    denied_until: float = 0.0
    denied_need: int = 0

    def weight(self, stream: str) -> int:
        """Return the units of one recipient on a stream."""
        return 1 if self.plan is None else self.plan.weight(stream, self.kinds.get(stream, ""))

    def holds(self, recipients: int, weight: int, now: float) -> bool:
        """Return whether there are units for so many, now or in a later window."""
        held = 0
        for share in self.shares:
            if held >= recipients:
                break
            if now < share.until and now < share.closes:
                held += share.left // weight
        return held >= recipients

    def denies(self, units: int, now: float) -> bool:
        """Return whether so many were refused a moment ago."""
        return self.denial is not None and now < self.denied_until and units >= self.denied_need


class Quota:
    """The purses of one process. writer: its number in ids. expire: seconds after which mail is given up.

    windows: in which personal credentials have their days, the same in all processes.
    """

    def __init__(
        self, control: Control, clock: Clock, writer: int, expire: float, windows: Windows | None = None
    ) -> None:
        self._control = control
        self._clock = clock
        self._writer = writer
        self._expire = expire
        self._purses: dict[str, _Purse] = {}
        self._low: set[str] = set()
        self._returned: list[Share] = []
        self._personal = shipped().personal
        self._windows = windows or Windows()
        self._fetching: dict[str, asyncio.Task[None]] = {}
        self._stopped: dict[tuple[str, str, str], Suspension] = {}

    def book(self, tenant: Tenant, identity: Identity, recipients: int, now: float) -> Terms | None:
        """Take units for a message; return its terms, None when it may go as it is.

        Refusal 452 4.7.1 ``quota`` when it would wait too long, with when and why; then nothing is taken. Refusal 451
        4.7.1 ``suspended`` while a suspension is in force.
        """
        if self._stopped:
            self._check(tenant.id, identity)
        bulk = self._bulk(tenant, identity.credential, recipients, now) if identity.kind == "personal" else ""
        entries = self._entries(tenant, identity.stream, recipients, now) if _limited(tenant) else ()
        return Terms(entries, bulk) if entries or bulk else None

    def lacking(self, tenant: Tenant, stream: str, recipients: int) -> Awaitable[None] | None:
        """Return what to wait for until ``book`` knows about so many recipients, None when it does; then ask again."""
        if not _limited(tenant):
            return None
        now, purse = self._clock.now(), self._purses.get(tenant.id)
        if purse is not None:
            weight = purse.weight(stream)
            if not weight or purse.holds(recipients, weight, now) or purse.denies(recipients * weight, now):
                return None
        task = self._fetching.get(tenant.id)
        if task is None:
            task = self._fetching[tenant.id] = asyncio.ensure_future(self._fetch(tenant.id, stream, recipients))
            task.add_done_callback(lambda done: self._fetched(tenant.id, done))
        return asyncio.shield(task)

    def _fetched(self, tenant: str, done: asyncio.Task[None]) -> None:
        del self._fetching[tenant]
        if not done.cancelled() and (error := done.exception()) is not None:
            _log.warning("shares_not_fetched", tenant=tenant, cause=str(error))

    async def _fetch(self, tenant: str, stream: str, recipients: int) -> None:
        """Ask in a thread for what is lacking; of a tenant's first message nobody knows yet what it weighs."""
        now, purse = self._clock.now(), self._purses.get(tenant)
        weight, need = 1, 1
        if purse is not None:
            self._drop(purse, now)
            weight = max(1, purse.weight(stream))
            need = (recipients - sum(share.left // weight for share in purse.shares)) * weight
        found = await asyncio.to_thread(self._ask, tenant, need, weight, now, now + self._expire)
        self._keep(self._purses.setdefault(tenant, _Purse(deque())), found, need, now)

    def _check(self, tenant: str, identity: Identity) -> None:
        for key in ((tenant, "", ""), (tenant, identity.stream, ""), (tenant, "", identity.credential)):
            found = self._stopped.get(key)
            if found is not None:
                text = f"{found.what} is suspended by the rule {found.rule}; give the id {found.id} to appeal"
                raise Refusal(451, "4.7.1", text, rule="suspended", retry_after=RETRY_SUSPENDED)

    def _bulk(self, tenant: Tenant, credential: str, recipients: int, now: float) -> str:
        """Count a day of a personal credential; return why the message is none between persons, "" when it is."""
        day = calendar_of(tenant).day(now).start
        sent = self._windows.add((credential, LONGEST_DAY, day), recipients, now)
        if recipients > self._personal.recipients_per_message:
            return f"more than {self._personal.recipients_per_message} recipients in one message"
        most = self._personal.recipients_per_day
        return f"more than {most} recipients of this login today" if sent > most else ""

    def _entries(self, tenant: Tenant, stream: str, recipients: int, now: float) -> tuple[Entry, ...]:
        purse = self._purses.get(tenant.id)
        if purse is None:
            purse = self._purses[tenant.id] = _Purse(deque())
            self._fill(tenant.id, purse, 1, 1, now)
        weight = purse.weight(stream)
        need = recipients * weight
        shares = purse.shares
        if shares and shares[0].left >= need and not shares[0].paced and now < shares[0].until:
            shares[0].left -= need
            if shares[0].left * 4 < purse.size:
                self._low.add(tenant.id)
            return ()
        return self._slow(tenant.id, purse, recipients, weight, now) if need else ()

    def learn(self) -> None:
        """Read which suspensions are in force; waits for the disk."""
        found = self._control.plans.suspensions(ended=False)
        self._stopped = {(each.tenant, each.stream, each.credential): each for each in found}

    async def tend(self) -> None:
        """Bring new shares to tenants that are about to run out, and learn of suspensions, until cancelled."""
        due = 0.0
        while True:
            if self._clock.monotonic() >= due:
                due = self._clock.monotonic() + LEARN_EVERY
                await asyncio.to_thread(self.learn)
            await asyncio.sleep(TEND_EVERY)
            low, self._low = self._low, set()
            returned, self._returned = self._returned, []
            try:
                if returned:
                    await asyncio.to_thread(grants.give_back, self._control, returned)
                for tenant in low:
                    await self._refill(tenant)
            except StoreFault as fault:
                _log.warning("shares_not_fetched", cause=fault.cause)

    async def close(self) -> None:
        """Give back whatever was not spent."""
        rest = self._returned + [share for purse in self._purses.values() for share in purse.shares]
        self._purses, self._returned = {}, []
        await asyncio.to_thread(grants.give_back, self._control, rest)

    async def _refill(self, tenant: str) -> None:
        now = self._clock.now()
        found = await asyncio.to_thread(self._ask, tenant, 1, 1, now, now)
        purse = self._purses.get(tenant)
        if purse is None:
            self._returned += found.shares
        elif found.shares:
            self._take(purse, found)

    def _slow(self, tenant: str, purse: _Purse, recipients: int, weight: int, now: float) -> tuple[Entry, ...]:
        self._drop(purse, now)
        held = sum(share.left // weight for share in purse.shares)
        if held < recipients:
            lacking = (recipients - held) * weight
            if purse.denial is not None and purse.denies(lacking, now):
                raise _over(purse.denial, now)
            self._fill(tenant, purse, lacking, weight, now)
        return self._spend(purse, recipients, weight, now)

    def _drop(self, purse: _Purse, now: float) -> None:
        """Put aside what may no longer be spent; what waits stands behind what may go."""
        kept = [share for share in purse.shares if now < share.until and now < share.closes and share.left]
        self._returned += [share for share in purse.shares if share not in kept and share.left]
        for share in kept:
            share.paced = share.paced and share.opens > now
        purse.shares = deque(sorted(kept, key=lambda share: (share.paced, share.opens)))

    def _fill(self, tenant: str, purse: _Purse, need: int, weight: int, now: float) -> None:
        found = self._ask(tenant, need, weight, now, now + self._expire)
        self._keep(purse, found, need, now)
        if found.denial is not None:
            raise _over(found.denial, now)

    def _keep(self, purse: _Purse, found: grants.Grant, need: int, now: float) -> None:
        if found.denial is None:
            self._take(purse, found)
            return
        purse.plan, purse.kinds = found.plan, found.kinds
        purse.denial, purse.denied_until, purse.denied_need = found.denial, now + REMEMBERED, need

    def _ask(self, tenant: str, need: int, weight: int, now: float, horizon: float) -> grants.Grant:
        return grants.grant(self._control, tenant, need, now, writer=self._writer, horizon=horizon, weight=weight)

    def _take(self, purse: _Purse, found: grants.Grant) -> None:
        purse.plan, purse.kinds = found.plan, found.kinds
        purse.shares.extend(found.shares)
        purse.shares = deque(sorted(purse.shares, key=lambda share: (share.paced, share.opens, share.until)))
        purse.size = max(1, sum(share.left for share in purse.shares if not share.paced))

    def _spend(self, purse: _Purse, recipients: int, weight: int, now: float) -> tuple[Entry, ...]:
        entries: list[Entry] = []
        for share in purse.shares:
            taken = min(recipients, share.left // weight)
            if not taken:
                continue
            recipients -= taken
            share.left -= taken * weight
            if share.paced:
                due = share.opens + share.first * share.step
                entries.append(Entry(taken, max(now, due), share.opens, share.step * weight))
                share.first += taken * weight
            else:
                entries.append(Entry(taken, now))
            if not recipients:
                break
        if recipients:
            raise _over(Denial(rule="quota", at=now + 60, text="the units of this account are being counted"), now)
        return tuple(entries) if any(entry.charged for entry in entries) else ()


def _limited(tenant: Tenant) -> bool:
    return bool(tenant.plan) or tenant.trust != "full"


def _over(denial: Denial, now: float) -> Refusal:
    opens = datetime.fromtimestamp(denial.at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Refusal(
        452, "4.7.1", f"{denial.text}; next at {opens}", rule="quota", cause=denial.rule,
        retry_after=max(1.0, denial.at - now),
    )  # fmt: skip
