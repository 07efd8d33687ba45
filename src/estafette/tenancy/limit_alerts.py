"""Alerts about streams that reach a limit of the firewall: an episode each, told once."""

from __future__ import annotations

import msgspec

from estafette.model.anomaly import OF_FIREWALL, Anomaly, AnomalyKind, Finding
from estafette.tenancy.office import Office, new_id

#: Seconds after which an episode that lasts is written again without being worse.
_STALE = 3_600.0
#: (tenant, stream, kind, site)
Key = tuple[str, str, AnomalyKind, str]


def open_ones(office: Office) -> dict[Key, Anomaly]:
    """Return the episodes that last."""
    return {
        (each.tenant, each.first.stream, each.kind, each.first.site): each
        for each in office.control.anomalies.open()
        if each.kind in OF_FIREWALL
    }


def turn(office: Office, tenant: str, episode: Anomaly | None, finding: Finding, *, begins: bool, silent: bool) -> None:
    """Begin an episode, go on with it, or end it when nothing begins. silent: its owner is told otherwise."""
    at = finding.at
    if episode is None and begins:
        told = at if silent else None
        fields = {"kind": finding.kind, "begun": at, "seen": at, "first": finding, "worst": finding, "told": told}
        office.control.anomalies.add(Anomaly(id=new_id(), tenant=tenant, **fields))  # type: ignore[arg-type]
    elif episode is not None and not begins:
        office.control.anomalies.change(msgspec.structs.replace(episode, ended=at))
    elif episode is not None:
        _go_on(office, episode, finding)


def _go_on(office: Office, episode: Anomaly, finding: Finding) -> None:
    worse = finding.events * episode.worst.base > episode.worst.events * finding.base
    if worse or finding.at - episode.seen >= _STALE:
        worst = finding if worse else episode.worst
        office.control.anomalies.change(msgspec.structs.replace(episode, seen=finding.at, worst=worst))
