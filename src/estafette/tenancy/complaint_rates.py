"""Complaint rates of streams: a warning at one share, a pause at another. Run by the janitor, over what was told.

Complaints are set against the recipients of the same days' mail: a complaint counts for the day whose mail it is about,
not for the day on which it came.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from estafette.base import ids
from estafette.model.anomaly import Anomaly, AnomalyKind, Finding
from estafette.model.suspension import Suspension
from estafette.tenancy import trust
from estafette.tenancy.office import Office, new_id
from estafette.tenancy.rules import Rules, shipped

RULE = "complaints"
KIND: AnomalyKind = "complaint_rate"
_DAY = 86_400
#: Seconds after which an episode that lasts is written again without being worse.
_STALE = 3_600.0


class Share(msgspec.Struct, frozen=True):
    """Complaints about a stream's mail of the last days, and the recipients of that mail."""

    tenant: str
    stream: str
    complaints: int
    recipients: int

    @property
    def rate(self) -> float:
        """Complaints by recipient; without any mail there is nothing to stop, and nothing to say."""
        return self.complaints / self.recipients if self.recipients else 0.0


def judge(office: Office, tenants: Iterable[str], rules: Rules | None = None) -> list[Suspension]:
    """Warn about streams, pause others, end warnings that are over; return the new pauses.

    tenants: those whose counters grew; whoever was warned is looked at in any case.
    """
    rules = rules or shipped()
    warned = {(each.tenant, each.first.stream): each for each in office.control.anomalies.open() if each.kind == KIND}
    names = set(tenants) | {tenant for tenant, _ in warned}
    if not names:
        return []
    shares = {(share.tenant, share.stream): share for share in _shares(office, names, rules)}
    pauses = [pause for share in shares.values() if (pause := _pause(office, share, rules)) is not None]
    stopped = {(each.tenant, each.stream) for each in office.control.plans.suspensions(ended=False)}
    for key, share in shares.items():
        if key not in stopped and _reaches(share, rules.complaints.warn, rules):
            _warn(office, share, warned.get(key), rules)
    for key, episode in warned.items():
        if key not in shares or shares[key].rate < rules.complaints.calm * rules.complaints.warn:
            _calm(office, episode)
    return pauses


def _reaches(share: Share, limit: float, rules: Rules) -> bool:
    return share.complaints >= rules.complaints.least and share.rate >= limit


def _shares(office: Office, tenants: Iterable[str], rules: Rules) -> list[Share]:
    """Return the shares of streams that were complained about at all."""
    since = office.now() - rules.complaints.days * _DAY
    counts = office.control.complaints.count(set(tenants), ids.first(since))
    recipients: dict[tuple[str, str], int] = {}
    for tenant in {tenant for tenant, _ in counts}:
        # The window begins within a day of the tenant's calendar; that day counts as a whole.
        for row in office.control.plans.usage(tenant, "day", since - _DAY, office.now()):
            recipients[tenant, row.stream] = recipients.get((tenant, row.stream), 0) + row.recipients
    return [Share(*key, number, recipients.get(key, 0)) for key, number in sorted(counts.items())]


def _pause(office: Office, share: Share, rules: Rules) -> Suspension | None:
    if not _reaches(share, rules.complaints.pause, rules):
        return None
    known = [each for each in office.control.plans.suspensions(share.tenant) if each.stream in {share.stream, ""}]
    if any(each.ended is None and not each.credential for each in known):
        return None
    lifted = max((each.ended or 0.0 for each in known if each.rule == RULE), default=0.0)
    if lifted:
        # Whoever lifted it has seen the complaints that there were; only new ones stop the stream again.
        since = ids.first(office.now() - rules.complaints.days * _DAY)
        fresh = office.control.complaints.count([share.tenant], since, lifted)
        if fresh.get((share.tenant, share.stream), 0) < rules.complaints.least:
            return None
    return trust.pause(
        office, share.tenant, stream=share.stream, rule=RULE, numbers=_numbers(office, share, rules), rules=rules
    )


def _numbers(office: Office, share: Share, rules: Rules) -> dict[str, str]:
    newest = office.control.complaints.newest(share.tenant, share.stream)
    return {
        "days": str(rules.complaints.days),
        "recipients_of_the_days": str(share.recipients),
        "complaints": f"{share.complaints} ({share.rate:.2%}, max. {rules.complaints.pause:.2%})",
        "programmes": ", ".join(sorted({each.programme for each in newest if each.programme})[:5]) or "-",
    }


def _warn(office: Office, share: Share, episode: Anomaly | None, rules: Rules) -> None:
    now = office.now()
    found = Finding(
        kind=KIND, at=now, span=rules.complaints.days * 24, events=share.complaints, base=share.recipients,
        usual=rules.complaints.warn, stream=share.stream,
    )  # fmt: skip
    if episode is None:
        begun = Anomaly(id=new_id(), tenant=share.tenant, kind=KIND, begun=now, seen=now, first=found, worst=found)
        office.control.anomalies.add(begun)
        _record(office, "stream.warn", begun, found)
        return
    worse = share.rate > episode.worst.events / max(episode.worst.base, 1)
    if worse or now - episode.seen >= _STALE:
        worst = found if worse else episode.worst
        office.control.anomalies.change(msgspec.structs.replace(episode, seen=now, worst=worst))


def _calm(office: Office, episode: Anomaly) -> None:
    office.control.anomalies.change(msgspec.structs.replace(episode, ended=office.now()))
    _record(office, "stream.calm", episode, episode.worst)


def _record(office: Office, action: str, episode: Anomaly, found: Finding) -> None:
    """Write the audit entry of a warning that begins or ends, with its numbers."""
    detail = f"{found.events} complaints on {found.base} recipients ({found.events / max(found.base, 1):.2%})"
    entry = office.entry(action, tenant=episode.tenant, subject=f"the stream {found.stream}", detail=detail)
    office.control.record(entry)
