from __future__ import annotations

import itertools

import msgspec

from estafette.model.anomaly import Finding
from estafette.reporting.anomalies import HOUR
from estafette.reporting.episodes import QUIET, turn

HIGH = Finding(kind="bounce", at=0.0, span=1, events=40, base=400, usual=0.01)
HIGHER = msgspec.structs.replace(HIGH, events=200)
DOWN = Finding(kind="volume_down", at=0.0, span=3, events=0, usual=900.0)


def told(hours):
    """Play findings hour by hour; return every episode at its end, in the order they began."""
    names = (str(number) for number in itertools.count())
    held = {}
    for number, findings in enumerate(hours):
        lasting = [each for each in held.values() if each.ended is None]
        after = turn("t", lasting, findings, float(number * HOUR), lambda: next(names))
        held |= {each.id: each for each in (*after.new, *after.changed)}
    return list(held.values())


def test_one_episode_however_many_hours_find_it():
    (episode,) = told([[HIGH]] * 5 + [[]] * 10 + [[HIGH]] + [[]] * 10)
    assert (episode.begun, episode.seen, episode.ended) == (0.0, 15.0 * HOUR, None)


def test_an_episode_ends_after_a_quiet_day_and_the_next_is_another():
    first, second = told([[HIGH], *[[]] * (QUIET // HOUR), [HIGH]])
    assert (first.ended, second.begun) == (float(QUIET), float(QUIET + HOUR))


def test_the_worst_is_remembered_beside_the_first():
    (episode,) = told([[HIGH], [HIGHER], [HIGH]])
    assert (episode.first, episode.worst) == (HIGH, HIGHER)


def test_kinds_have_episodes_of_their_own():
    assert [each.kind for each in told([[HIGH], [HIGH, DOWN], [DOWN]])] == ["bounce", "volume_down"]


def test_a_look_without_news_changes_nothing():
    (episode,) = told([[HIGH]])
    after = turn("t", [episode], [], episode.seen + HOUR, str)
    assert (after.new, after.changed) == ([], [])


def test_the_same_hour_looked_at_again_changes_nothing():
    (episode,) = told([[HIGH]])
    after = turn("t", [episode], [HIGH], episode.seen, str)
    assert (after.new, after.changed) == ([], [])
