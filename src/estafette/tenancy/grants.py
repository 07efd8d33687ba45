"""Grants: which windows have room for how many units, and the slices of them that processes reserve.

A slice is debited when it is granted. What is available is the limit, less what was counted, less what is reserved; a
reservation ends as its events are counted, when its process gives the rest back, or some time after its right to spend
has ended. So no two processes can spend the same unit, whatever dies, and packs are never sold twice.
"""

from __future__ import annotations

import msgspec

from estafette.model.calendar import HOUR, Period, Window
from estafette.model.plan import Plan
from estafette.store.interface.control import Control
from estafette.store.interface.plans import Account, Slice
from estafette.tenancy.consumption import Consumption
from estafette.tenancy.office import new_id
from estafette.tenancy.rules import shipped

#: Units of one slice, and the part of what is left that one process may hold.
MOST = 1_000
PART = 8
#: Seconds for which a slice may be spent.
LIFE = 600.0
_MONTH_DAYS = 30
_ENDLESS = 1 << 53


class Share(msgspec.Struct, kw_only=True):
    """A slice in the hands of its process. left: units not spent. step: seconds between units that must wait.

    first: the place of its first unit in its window. paced: False when it may be spent at once.
    """

    id: str
    opens: int
    closes: int
    until: float
    left: int
    paced: bool = False
    step: float = 0.0
    first: int = 0


class Denial(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is nothing to give. at: when there will be, unix seconds. rule: hour, day, month, trust or backlog."""

    rule: str
    at: float
    text: str


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a process: shares, or why not; and the weights it needs, of the plan as it is now."""

    shares: tuple[Share, ...] = ()
    denial: Denial | None = None
    plan: Plan | None = None
    kinds: dict[str, str] = {}


def grant(
    control: Control, tenant: str, need: int, now: float, *, writer: int, horizon: float, weight: int = 1
) -> Grant:
    """Reserve at least ``need`` units for a process, in windows that open before ``horizon``; all of it or nothing.

    weight: units of one recipient, which is never split between windows.
    """
    with control.plans.books() as books:
        since: dict[Period, int] = {"hour": int(now) - HOUR, "day": int(now) - 26 * HOUR, "month": int(now - 2.8e6)}
        account = books.accounts([tenant], since).get(tenant)
        if account is None:
            return Grant()
        desk = Desk(account, now, weight)
        found = desk.reserve(need, writer, horizon)
        if isinstance(found, Denial):
            return Grant(denial=found, plan=account.plan, kinds=account.kinds)
        for one, _ in found:
            books.add_slice(one)
    return Grant(shares=tuple(share for _, share in found), plan=account.plan, kinds=account.kinds)


def give_back(control: Control, shares: list[Share]) -> None:
    """Return what was not spent."""
    with control.plans.books() as books:
        for share in shares:
            if share.left:
                books.give_back(share.id, share.left)


class Desk:
    """What one account has room for, window by window: their limits, and the units to fill them with."""

    def __init__(self, account: Account, now: float, weight: int = 1) -> None:
        self.account = account
        self.now = now
        self.weight = weight
        self.used = Consumption(account)
        self.calendar = self.used.calendar
        plan = account.plan
        #: (rule, window, units of it)
        self.limits: list[tuple[str, Period, int]] = []
        if plan is not None and plan.hourly is not None:
            self.limits.append(("hour", "hour", plan.hourly))
        if plan is not None and plan.daily is not None:
            self.limits.append(("day", "day", plan.daily))
        if account.tenant.trust == "ramp":
            standing = account.standing
            self.limits.append(("trust", "day", standing.allowed if standing else shipped().ramp.first_day))
        self.unit: Period = self._narrowest()

    def reserve(self, need: int, writer: int, horizon: float) -> list[tuple[Slice, Share]] | Denial:
        """Return slices that hold ``need`` units and the shares they make, or why there are none."""
        found: list[tuple[Slice, Share]] = []
        at = self.now
        while need > 0:
            room, rule, following = self.room(at)
            ahead = at > self.now
            if room > 0 and ahead and self.waiting() + min(room, need) > self.day_rate():
                return self._denied("backlog", self.calendar.window(self.unit, self.now).end)
            if room > 0:
                size = min(room, need if ahead else max(need, self._whole(min(MOST, room // PART))))
                found.append(self._slice(at, size, writer, ahead))
                need -= size
            elif following >= horizon:
                return self._denied(rule, following)
            else:
                at = following
        return found

    def room(self, at: float) -> tuple[int, str, float]:
        """Return units left for an instant; when there are none, the rule that is in force longest and its end."""
        rooms: list[tuple[int, str, float]] = [self._stock(at)]
        for rule, period, limit in self.limits:
            window = self.calendar.window(period, at)
            rooms.append((limit - self._taken(window, period), rule, window.end))
        closed = [each for each in rooms if each[0] < self.weight]
        if closed:
            _, rule, following = max(closed, key=lambda each: each[2])
            return 0, rule, following
        return self._whole(min(rooms)[0]), "", at

    def day_rate(self) -> int:
        """Return the units that the tenant sends on a day at most: as many may wait for their window."""
        plan = self.account.plan
        rates = [limit * (24 if period == "hour" else 1) for _, period, limit in self.limits]
        if not rates and plan is not None and plan.monthly is not None:
            free = plan.free if plan.free_per == "day" else plan.free // _MONTH_DAYS
            rates.append(-(-plan.monthly // _MONTH_DAYS) + free)
        return min(rates, default=_ENDLESS)

    def waiting(self) -> int:
        """Return units that are charged to windows which have not opened yet."""
        counted = sum(
            row.units
            for (period, start, _, _), row in self.account.usage.items()
            if period == self.unit and start > self.now
        )
        return counted + sum(one.units for one in self.account.slices if one.opens > self.now)

    def _whole(self, units: int) -> int:
        return units - units % self.weight

    def _narrowest(self) -> Period:
        periods = {period for _, period, _ in self.limits}
        plan = self.account.plan
        if plan is not None and plan.free and plan.free_per == "day":
            periods.add("day")
        return "hour" if "hour" in periods else "day" if "day" in periods else "month"

    def _taken(self, window: Window, period: Period) -> int:
        counted = sum(
            row.units
            for (kind, start, _, _), row in self.account.usage.items()
            if kind == period and start == window.start
        )
        return counted + self._reserved(window)

    def _reserved(self, window: Window) -> int:
        return sum(one.units for one in self.account.slices if one.opens < window.end and one.closes > window.start)

    def _stock(self, at: float) -> tuple[int, str, float]:
        """Return units that there are to be used at an instant: allowance, plan and packs, less what is reserved."""
        plan = self.account.plan
        if plan is None or plan.monthly is None or self.used.billed:
            return _ENDLESS, "month", at
        month = self.calendar.month(at).start
        window = self.calendar.window(plan.free_per, at)
        claims = self._claims(plan.free_per)
        left = self.used.free_left(at) - claims.get(month, {}).pop(window.start, 0)
        for start, of_month in claims.items():
            uncovered = sum(max(0, units - self.used.free_left(begin)) for begin, units in of_month.items())
            plan_left = self.used.plan_left(start) or 0
            left -= uncovered if start == month else max(0, uncovered - plan_left)
        left += (self.used.plan_left(at) or 0) + self.used.packs_left()
        return left, "month", window.end if plan.free else self.calendar.month(at).end

    def _claims(self, period: Period) -> dict[int, dict[int, int]]:
        """Return what is reserved: month -> window of the free allowance -> units."""
        claims: dict[int, dict[int, int]] = {}
        for one in self.account.slices:
            of_month = claims.setdefault(self.calendar.month(one.opens).start, {})
            start = self.calendar.window(period, one.opens).start
            of_month[start] = of_month.get(start, 0) + one.units
        return claims

    def _slice(self, at: float, units: int, writer: int, ahead: bool) -> tuple[Slice, Share]:
        window = self.calendar.window(self.unit, at)
        until = self.now + LIFE if ahead else min(self.now + LIFE, window.end)
        one = Slice(
            id=new_id(), tenant=self.account.tenant.id, writer=writer, opens=window.start, closes=window.end,
            until=until, units=units,
        )  # fmt: skip
        share = Share(id=one.id, opens=one.opens, closes=one.closes, until=until, left=units)
        if ahead:
            limits = [limit for _, period, limit in self.limits if period == self.unit and limit]
            share.paced = True
            share.first = self._taken(window, self.unit)
            share.step = (window.end - window.start) / min(limits) if limits else 0.0
        self.account.slices.append(one)
        return one, share

    def _denied(self, rule: str, at: float) -> Denial:
        plan = self.account.plan
        name = f"plan {plan.name}" if plan is not None else "account"
        texts = {
            "hour": f"the hourly units of the {name} are used up",
            "day": f"the daily units of the {name} are used up",
            "month": f"the units of the {name} are used up",
            "trust": "a new account may send a limited number a day",
            "backlog": "as much mail waits for the next windows as may be sent in a day",
        }
        return Denial(rule=rule, at=at, text=texts[rule])
