"""What is far from a tenant's own past: one look at an hour that has ended. Pure: counters in, findings out.

Six questions are asked each hour (three shares, each over one hour and over a day); ``CHANCE`` keeps the number of
false alarms of a tenant below one in a year (Bonferroni: 6 x 8,760 x 1e-5 = 0.5), and a finding also needs an effect:
twice the usual share. Volumes are compared with the same time of the week, give or take an hour, so that summer time is
no alarm, and with the extremes of all weeks that are remembered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import msgspec

from estafette.base.shipped import table
from estafette.model.anomaly import AnomalyKind, Finding
from estafette.model.user import Language
from estafette.reporting import rates
from estafette.reporting.baseline import Observation, UsualShare, usual_level, usual_share

HOUR = 3_600
DAY = 24 * HOUR
WEEK = 7 * DAY
#: Weeks that are remembered, and those without which nothing is concluded.
WEEKS = 8
LEAST_WEEKS = 2
CHANCE = 1e-5
FACTOR = 2.0
#: Base that the past must have before shares are judged.
LEAST_PAST = 2_000
#: A volume has risen beyond all of: times the usual, standard deviations above, times the most of any hour.
TIMES_UP, SPREADS_UP, TIMES_MOST = 3.0, 6.0, 1.5
#: Hours that a fall must last, the share of the least that it is below, and weeks that must be known.
FALLEN_HOURS, FALLEN_SHARE, FALLEN_WEEKS = 3, 0.2, 4

#: Hour (its start) -> measure -> amount.
Hours = Mapping[int, Mapping[str, int]]


class _Share(msgspec.Struct, frozen=True):
    events: str
    base: str
    least_events: int
    least_base: int
    floor: float


class _Volumes(msgspec.Struct, frozen=True):
    measure: str
    least: int
    least_fallen: int


class _Book(msgspec.Struct, frozen=True):
    shares: dict[AnomalyKind, _Share]
    volumes: _Volumes
    words: dict[Language, dict[AnomalyKind, str]]
    advice: dict[Language, dict[AnomalyKind, str]]
    spans: dict[Language, dict[str, str]]


def look(hours: Hours, end: int) -> list[Finding]:
    """Return what is unusual about the hour that ended at a moment, given it and the weeks before; one of each kind."""
    since = min(hours, default=end)
    if end - since < LEAST_WEEKS * WEEK:
        return []
    shares = [_share(kind, rule, hours, end) for kind, rule in book().shares.items()]
    return [found for found in (*shares, _risen(hours, end), _fallen(hours, end, since)) if found is not None]


def _share(kind: AnomalyKind, rule: _Share, hours: Hours, end: int) -> Finding | None:
    """Return what is wrong with a share: of the last hour, else of the last day."""
    for span in (1, 24):
        events, base = _observed(rule, hours, end - span * HOUR, end)
        if events < rule.least_events or base < rule.least_base or events < rule.floor * base:
            continue
        # The past is added up only now: nearly all hours end before.
        usual = _usual(rule, hours, end, span)
        if usual is None or events <= FACTOR * usual.share * base:
            continue
        chance = usual.tail(events, base)
        if chance < CHANCE:
            return Finding(kind=kind, at=end, span=span, events=events, base=base, usual=usual.share, chance=chance)
    return None


def _usual(rule: _Share, hours: Hours, end: int, span: int) -> UsualShare | None:
    """Return the usual share; of an hour, at this time of the week when enough is known of it, else at all times."""
    if span == 1:
        past = [_observed(rule, hours, hour, hour + HOUR) for hour in hours if hour < end - HOUR]
    else:
        days = range(1, WEEKS * 7)
        past = [_observed(rule, hours, end - (day + 1) * DAY, end - day * DAY) for day in days]
    found = usual_share(past)
    if found is None or found.base < LEAST_PAST:
        return None
    if span > 1:
        return found
    # Two dozen hours say where the share lies, and too little of how it spreads.
    same = usual_share([_observed(rule, hours, hour, hour + HOUR) for hour in _same_hours(end)], found.spread)
    return same if same is not None and same.base >= LEAST_PAST else found


def _risen(hours: Hours, end: int) -> Finding | None:
    rule, now = book().volumes, end - HOUR
    amount = _volume(hours, now)
    if amount < rule.least:
        return None
    usual = usual_level([_volume(hours, hour) for hour in _same_hours(end)])
    if usual is None or amount <= max(TIMES_UP * usual.middle, usual.middle + SPREADS_UP * usual.spread):
        return None
    most = max((_volume(hours, hour) for hour in hours if hour < now), default=0)
    if amount <= TIMES_MOST * most:
        return None
    return Finding(kind="volume_up", at=end, span=1, events=amount, usual=usual.middle, least=usual.least, most=most)


def _fallen(hours: Hours, end: int, since: int) -> Finding | None:
    """Return that nearly nothing comes at a time at which something always came."""
    rule = book().volumes
    amount = _last_hours(hours, end)
    if amount >= FALLEN_SHARE * _last_hours(hours, end - WEEK):
        return None
    ends = [end - week * WEEK for week in range(1, WEEKS + 1) if end - week * WEEK - 2 * HOUR * FALLEN_HOURS >= since]
    if len(ends) < FALLEN_WEEKS:
        return None
    usual = usual_level([_last_hours(hours, at + shift) for at in ends for shift in (-HOUR, 0, HOUR)])
    if usual is None or usual.least < rule.least_fallen or amount >= FALLEN_SHARE * usual.least:
        return None
    return Finding(
        kind="volume_down", at=end, span=FALLEN_HOURS, events=amount, usual=usual.middle, least=usual.least,
        most=usual.greatest,
    )  # fmt: skip


def _same_hours(end: int) -> Iterator[int]:
    """Yield the starts of the hours at this time of the weeks before, and of their neighbours."""
    for week in range(1, WEEKS + 1):
        for shift in (-HOUR, 0, HOUR):
            yield end - HOUR - week * WEEK + shift


def _last_hours(hours: Hours, end: int) -> int:
    return sum(_volume(hours, end - back * HOUR) for back in range(1, FALLEN_HOURS + 1))


def _volume(hours: Hours, hour: int) -> int:
    return hours.get(hour, {}).get(book().volumes.measure, 0)


def _observed(rule: _Share, hours: Hours, start: int, end: int) -> Observation:
    """Return events and base of [start, end)."""
    found = [hours[hour] for hour in range(start, end, HOUR) if hour in hours]
    return sum(rates.total(rule.events, each) for each in found), sum(rates.total(rule.base, each) for each in found)


@cache
def book() -> _Book:
    """Return what is watched, and how it is told."""
    return table("estafette.reporting", "anomalies.toml", _Book)
