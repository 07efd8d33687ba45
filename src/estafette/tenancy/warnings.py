"""Alerts about streams that reach a limit of the firewall: an episode each, told once."""

from __future__ import annotations

from typing import Protocol

import msgspec

from estafette.model.anomaly import OF_FIREWALL, Anomaly, AnomalyKind, Finding
from estafette.tenancy.office import Office, new_id
from estafette.tenancy.rules import Signal

#: Seconds after which an episode that lasts is written again without being worse.
_STALE = 3_600.0
#: (tenant, stream, kind, site)
Key = tuple[str, str, AnomalyKind, str]


class Counted(Protocol):
    """What was counted."""

    @property
    def site(self) -> str:
        """Where, "" = everywhere."""
        ...

    @property
    def events(self) -> int:
        """Of them so many are bad."""
        ...

    @property
    def base(self) -> int:
        """Answers."""
        ...

    @property
    def limit(self) -> Signal:
        """The limits."""
        ...


def open_ones(office: Office) -> dict[Key, Anomaly]:
    """Return the episodes that last."""
    return {
        (each.tenant, each.first.stream, each.kind, each.first.site): each
        for each in office.control.anomalies.open()
        if each.kind in OF_FIREWALL
    }


def turn(
    office: Office, tenant: str, stream: str, kind: AnomalyKind, found: Counted, *, begins: bool, silent: bool
) -> None:
    """Begin, go on with or end an episode. silent: its owner is told otherwise."""
    now = office.now()
    finding = Finding(
        kind=kind, at=now, span=found.limit.hours, events=found.events, base=found.base, usual=found.limit.slow,
        stream=stream, site=found.site,
    )  # fmt: skip
    episode = open_ones(office).get((tenant, stream, kind, found.site))
    if episode is None and begins:
        office.control.anomalies.add(
            Anomaly(
                id=new_id(),
                tenant=tenant,
                kind=kind,
                begun=now,
                seen=now,
                first=finding,
                worst=finding,
                told=now if silent else None,
            )
        )
    elif episode is not None and not begins:
        office.control.anomalies.change(msgspec.structs.replace(episode, ended=now))
    elif episode is not None:
        _go_on(office, episode, finding)


def _go_on(office: Office, episode: Anomaly, finding: Finding) -> None:
    worse = finding.events * episode.worst.base > episode.worst.events * finding.base
    if worse or finding.at - episode.seen >= _STALE:
        worst = finding if worse else episode.worst
        office.control.anomalies.change(msgspec.structs.replace(episode, seen=finding.at, worst=worst))
