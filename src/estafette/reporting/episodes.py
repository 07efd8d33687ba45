"""Episodes: a first finding of a kind opens one and is told; what follows, until a quiet day, belongs to it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from estafette.model.anomaly import Anomaly, Finding
from estafette.reporting.anomalies import DAY

#: Seconds without a finding after which an episode is over: looks reach back a day themselves.
QUIET = 1 * DAY


class Turn(msgspec.Struct, frozen=True):
    """What one look leads to. new: episodes that begin. changed: those that go on, or end."""

    new: Sequence[Anomaly]
    changed: Sequence[Anomaly]


def turn(
    tenant: str, lasting: Sequence[Anomaly], findings: Sequence[Finding], at: float, name: Callable[[], str]
) -> Turn:
    """Return what becomes of a tenant's episodes after a look at the hour that ended at a moment."""
    found = {each.kind: each for each in findings}
    held = {each.kind for each in lasting}
    changed = [_after(each, found.get(each.kind), at) for each in lasting]
    new = [
        Anomaly(id=name(), tenant=tenant, kind=each.kind, begun=at, seen=at, first=each, worst=each)
        for each in findings
        if each.kind not in held
    ]
    return Turn(new, [after for after, before in zip(changed, lasting, strict=True) if after != before])


def _after(episode: Anomaly, finding: Finding | None, at: float) -> Anomaly:
    if finding is not None:
        worst = max(episode.worst, finding, key=_distance)
        return msgspec.structs.replace(episode, seen=max(at, episode.seen), worst=worst)
    if at - episode.seen >= QUIET:
        return msgspec.structs.replace(episode, ended=at)
    return episode


def _distance(finding: Finding) -> float:
    """Return how far a finding is from what is usual: times the share, or times the amount, up or down."""
    if finding.base:
        return finding.events / (finding.base * finding.usual)
    if finding.kind == "volume_down":
        return finding.usual / (finding.events + 1)
    return finding.events / (finding.usual + 1)
