"""The reputation firewall: streams whose mail is refused are slowed, then paused. The janitor runs it.

Three signals, each with its limits in ``trust.toml``: hard bounces of a day, unknown users of an hour, and what one
site blocks. Mail of people is never slowed: its owner is told, and only the pause stops it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Literal

import msgspec

from estafette.model.anomaly import Anomaly, AnomalyKind, Finding
from estafette.model.pace import BLOCKS, RETURNS, UNKNOWN_USERS, Pace
from estafette.model.suspension import Suspension
from estafette.store.interface.reputation import Spell
from estafette.tenancy import limit_alerts, paces, trust
from estafette.tenancy.office import Office
from estafette.tenancy.rules import Rules, Signal, shipped

Field = Literal["hard", "unknown", "blocked"]
#: (tenant, stream)
Key = tuple[str, str]
#: Rule -> what it counts, and the kind of its alert.
SIGNALS: Mapping[str, tuple[Field, AnomalyKind]] = {
    RETURNS: ("hard", "hard_bounces"), UNKNOWN_USERS: ("unknown", "unknown_users"), BLOCKS: ("blocked", "blocks"),
}  # fmt: skip
_HOUR = 3_600
#: Seconds that counters are kept.
KEPT = 2 * 86_400.0


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted for one signal: ``events`` among ``base``, since a moment. site: "" = everywhere."""

    rule: str
    site: str
    events: int
    base: int
    since: float
    until: float
    limit: Signal

    @property
    def rate(self) -> float:
        """The share; 0 of nothing."""
        return self.events / self.base if self.base else 0.0

    def reaches(self, share: float) -> bool:
        """Whether there is enough to conclude, and it is a share or more."""
        return self.base >= self.limit.least and self.rate >= share

    @property
    def calm(self) -> bool:
        """Whether what was concluded holds no longer."""
        return 2 * self.base < self.limit.least or self.rate < self.limit.calm

    def numbers(self, share: float) -> dict[str, str]:
        """Return the figures as text. share: the limit that was reached."""
        names = {RETURNS: "hard_bounces", UNKNOWN_USERS: "unknown_users", BLOCKS: "blocked"}
        return {
            "hours": str(self.limit.hours),
            "attempts": str(self.base),
            names[self.rule]: f"{self.events} ({self.rate:.1%}, max. {share:.1%})",
            "since": paces.stamp(self.since),
            "until": paces.stamp(self.until),
        } | ({"site": self.site} if self.site else {})


def judge(
    office: Office, tenants: Iterable[str], rules: Rules | None = None, *, everybody: bool = True
) -> list[Suspension]:
    """Slow streams, pause others, let go what is calm; return the new pauses.

    tenants: those whose counters grew. everybody: look at all streams that are slowed or warned, too, for with time
    alone they become calm.
    """
    rules = rules or shipped()
    slowed = paces.over(office, office.control.reputation.paces(ended=False))
    told = limit_alerts.open_ones(office)
    watched = {(each.tenant, each.stream) for each in slowed} | {key[:2] for key in told}
    names = set(tenants) | ({tenant for tenant, _ in watched} if everybody else set())
    if not names:
        return []
    stopped = _stopped(office)
    found = []
    for key in sorted(_suspects(office, names, rules) | {key for key in watched if key[0] in names}):
        if key not in stopped and (key[0], "") not in stopped:
            mine = [each for each in slowed if (each.tenant, each.stream) == key]
            pause = Look(office, key, rules, told).act(mine)
            found += [pause] if pause is not None else []
    return found


def _stopped(office: Office) -> set[Key]:
    return {(each.tenant, each.stream) for each in office.control.plans.suspensions(ended=False) if not each.credential}


def _suspects(office: Office, tenants: Iterable[str], rules: Rules) -> set[Key]:
    """Return streams that were refused enough in 24 hours to be worth a closer look."""
    least = min(limit.least * limit.slow for limit in (rules.stream, rules.unknown_users, rules.blocks))
    sums = office.control.reputation.sums(list(tenants), office.now() - rules.stream.hours * _HOUR)
    return {(each.tenant, each.stream) for each in sums if max(each.hard, each.unknown, each.blocked) >= least}


class Look:
    """One look at a stream. told: episodes that last."""

    def __init__(self, office: Office, key: Key, rules: Rules, told: Mapping[limit_alerts.Key, Anomaly]) -> None:
        self._office = office
        self._told = told
        self._tenant, self._stream = key
        self._rules = rules
        self._now = office.now()
        self._lifted = _lifted(office, *key)
        longest = max(rules.stream.hours, rules.unknown_users.hours, rules.blocks.hours)
        since = max(self._now - longest * _HOUR, self._lifted)
        self._sites: dict[str, list[Spell]] = defaultdict(list)
        for spell in office.control.reputation.spells(*key, since):
            self._sites[spell.site].append(spell)

    def act(self, slowed: Sequence[Pace]) -> Suspension | None:
        """Pause, slow or let go; return a new pause."""
        hard = self._evidence(RETURNS, "")
        if hard.reaches(self._rules.stream.pause):
            for each in slowed:
                if each.rule != "operator":
                    paces.end(self._office, each)
            numbers = hard.numbers(self._rules.stream.pause)
            return trust.pause(
                self._office, self._tenant, stream=self._stream, rule=RETURNS, numbers=numbers, rules=self._rules
            )
        for rule in SIGNALS:
            for site in self._places(rule, slowed):
                self._turn(self._evidence(rule, site), slowed)
        return None

    def _places(self, rule: str, slowed: Sequence[Pace]) -> list[str]:
        if rule != BLOCKS:
            return [""]
        return sorted({*self._sites, *(each.site for each in slowed)} - {""})

    def _turn(self, found: Evidence, slowed: Sequence[Pace]) -> None:
        held = next((each for each in slowed if (each.rule, each.site) == (found.rule, found.site)), None)
        begins = found.reaches(found.limit.slow)
        if held is not None and found.calm:
            paces.end(self._office, held)
        elif held is None and begins and not self._personal:
            paces.slow(
                self._office, self._tenant, self._stream, site=found.site, rule=found.rule,
                numbers=found.numbers(found.limit.slow), rules=self._rules,
            )  # fmt: skip
        if found.calm or begins:
            kind = SIGNALS[found.rule][1]
            episode = self._told.get((self._tenant, self._stream, kind, found.site))
            finding = Finding(
                kind=kind, at=self._now, span=found.limit.hours, events=found.events, base=found.base,
                usual=found.limit.slow, stream=self._stream, site=found.site,
            )  # fmt: skip
            limit_alerts.turn(self._office, self._tenant, episode, finding, begins=begins, silent=not self._personal)

    @cached_property
    def _personal(self) -> bool:
        found = (each for each in self._office.control.streams(self._tenant) if each.name == self._stream)
        return any(each.kind == "personal" for each in found)

    def _evidence(self, rule: str, site: str) -> Evidence:
        limit = {RETURNS: self._rules.stream, UNKNOWN_USERS: self._rules.unknown_users, BLOCKS: self._rules.blocks}[
            rule
        ]
        since = max(self._now - limit.hours * _HOUR, self._lifted)
        # The stretch in which a person lifted something holds what that person has seen.
        spells = [each for each in self._sites[site] if each.start >= since and each.start > self._lifted]
        base = sum(each.attempted for each in spells)
        if rule == BLOCKS:
            base += sum(each.deferred for each in spells)
        events = sum(getattr(each, SIGNALS[rule][0]) for each in spells)
        return Evidence(rule=rule, site=site, events=events, base=base, since=since, until=self._now, limit=limit)


def _lifted(office: Office, tenant: str, stream: str) -> float:
    """Return when a person last lifted something of the firewall: what was counted before was seen by that person."""
    lifted = [
        each.ended or 0.0 for each in office.control.reputation.paces(tenant) if each.stream == stream and each.ended_by
    ]
    lifted += [
        each.ended or 0.0
        for each in office.control.plans.suspensions(tenant)
        if each.stream == stream and each.rule in SIGNALS
    ]
    return max(lifted, default=0.0)
