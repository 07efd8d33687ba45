"""Paces: streams that are slowed, by which rule and figures, until when, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from estafette.base.errors import Fault
from estafette.model.pace import RESUME, Pace
from estafette.tenancy import letters, operator_alerts, streams
from estafette.tenancy.alerts import Note, readers
from estafette.tenancy.office import NotFound, Office, Resource, listing, new_id
from estafette.tenancy.pace_text import shown, words_of
from estafette.tenancy.rules import Rules, shipped

_HOUR = 3_600.0
_DAY = 86_400.0
#: Recipients an hour, and hours, that an operator may name.
FASTEST, LONGEST = 10_000_000, 8_784


def create(
    office: Office, tenant: str, stream: str, per_hour: int, *, site: str = "", hours: int = 0, reason: str = ""
) -> Resource:
    """Slow a stream by hand, to one site or everywhere. hours: 0 = until it is lifted. NotFound, Fault."""
    owner = office.tenant(tenant).id
    if streams.find(office, owner, stream).kind == "personal":
        raise Fault(
            "mail of people is not slowed", place="stream", fix="suspend the stream, or the login that misuses it"
        )
    if not 1 <= per_hour <= FASTEST or not 0 <= hours <= LONGEST:
        raise Fault(
            "the pace is out of range", place="per_hour",
            fix=f"give 1 to {FASTEST} recipients an hour, for {LONGEST} hours at most",
        )  # fmt: skip
    pace = _made(office, owner, stream, "operator", float(per_hour), site=site.lower(), hours=hours, reason=reason)
    return _shown(office, _begin(office, pace))


def list_all(office: Office, *, tenant: str = "", ended: bool = False) -> Resource:
    """Return paces, newest first, of a tenant or of all; ``ended``: those that are over too."""
    owner = office.tenant(tenant).id if tenant else ""
    return listing([_shown(office, each) for each in office.control.reputation.paces(owner, ended=ended)])


def show(office: Office, name: str, *, tenant: str = "") -> Resource:
    """Return one pace; NotFound."""
    return _shown(office, find(office, name, tenant))


def lift(office: Office, name: str, *, tenant: str = "", full: bool = False) -> Resource:
    """End a pace by hand; what the firewall slowed goes on at half speed for a day, or ``full``. NotFound, Fault."""
    before = find(office, name, tenant)
    if before.ended is not None:
        raise Fault("this pace is over already", place="ID", fix="see `estafette pace list`")
    after = end(office, before, by=office.who.label)
    if before.rule in shipped().pace.resumed_rules and not full:
        half_speed(office, before.tenant, before.stream, site=before.site)
    return _shown(office, after)


def find(office: Office, name: str, tenant: str = "") -> Pace:
    """Return a pace by id, of one tenant when given; NotFound."""
    owner = office.tenant(tenant).id if tenant else ""
    for each in office.control.reputation.paces(owner):
        if each.id == name:
            return each
    raise NotFound(f"there is no pace {name!r}", place="ID", fix="see `estafette pace list`")


def slow(
    office: Office, tenant: str, stream: str, *, site: str, rule: str, numbers: Mapping[str, str], rules: Rules
) -> Pace:
    """Slow a stream by a rule of the firewall; processes know within seconds."""
    usual = usual_hour(office, tenant, stream, rules)
    rate = max(float(rules.pace.floor), rules.pace.share * usual)
    return _begin(office, _made(office, tenant, stream, rule, rate, site=site, usual=usual, numbers=numbers))


def half_speed(office: Office, tenant: str, stream: str, *, site: str = "", rules: Rules | None = None) -> Pace | None:
    """Let a stream begin again slowly, for a day; None for mail of people, which is never slowed."""
    speed = (rules or shipped()).pace
    if any(each.name == stream and each.kind == "personal" for each in office.control.streams(tenant)):
        return None
    usual = usual_hour(office, tenant, stream, rules or shipped())
    rate = max(float(speed.floor), speed.resumed * usual)
    pace = _made(office, tenant, stream, RESUME, rate, site=site, usual=usual, hours=speed.resumed_hours)
    return _begin(office, pace)


def end(office: Office, pace: Pace, by: str = "") -> Pace:
    """End a pace. by: the person who lifts it, "" when its rule or its time does."""
    after = msgspec.structs.replace(pace, ended=office.now(), ended_by=by[:255])
    _put(office, "pace.lift" if by else "pace.end", pace, after)
    return after


def over(office: Office, open_: Sequence[Pace]) -> list[Pace]:
    """End those whose time is over; return the others."""
    now = office.now()
    for each in open_:
        if 0 < each.until <= now:
            end(office, each)
    return [each for each in open_ if not 0 < each.until <= now]


def usual_hour(office: Office, tenant: str, stream: str, rules: Rules) -> float:
    """Return how many recipients an hour had of late in which the stream sent; 0 when it sent nothing."""
    since, hours = office.now() - rules.pace.usual_days * _DAY, dict[int, int]()
    for row in office.control.plans.usage(tenant, "hour", since, office.now() + 1):
        if row.stream == stream and row.recipients:
            hours[row.start] = hours.get(row.start, 0) + row.recipients
    return sum(hours.values()) / len(hours) if hours else 0.0


def told(office: Office, pace: Pace) -> list[Note]:
    """Note that a pace is told, to those who run the service too; return the letters to its owner."""
    tenant = office.control.lists.tenant(pace.tenant)
    office.control.reputation.put_pace(msgspec.structs.replace(pace, told=office.now()), None)
    if tenant is None:
        return []
    said = letters.said("pace", office.languages(tenant), lambda language: words_of(pace, tenant.name, language))
    ours = letters.said("pace", office.languages(), lambda language: words_of(pace, tenant.name, language))
    operator_alerts.tell(office, ours.subject, ours.text)
    return [Note(tenant.id, readers(office, tenant), said.subject, said.text)]


def stamp(seconds: float) -> str:
    """Return a time as people read it, to the minute, UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _made(
    office: Office, tenant: str, stream: str, rule: str, rate: float, *, site: str = "", usual: float = 0.0,
    hours: int = 0, numbers: Mapping[str, str] | None = None, reason: str = "",
) -> Pace:  # fmt: skip
    now = office.now()
    figures = dict(numbers or {}) | ({"reason": reason} if reason else {})
    return Pace(
        id=new_id(), tenant=tenant, stream=stream, site=site[:255], rule=rule, rate=rate, usual=usual, numbers=figures,
        created=now, until=now + hours * _HOUR if hours else 0.0,
    )  # fmt: skip


def _begin(office: Office, pace: Pace) -> Pace:
    """Put a pace in force, in the place of one of the same rule and site."""
    for each in office.control.reputation.paces(pace.tenant, ended=False):
        if (each.stream, each.site, each.rule) == (pace.stream, pace.site, pace.rule):
            end(office, each)
    _put(office, "pace.create", None, pace)
    return pace


def _put(office: Office, action: str, before: Pace | None, after: Pace) -> None:
    where = f" to {after.site}" if after.site else ""
    detail = f"{after.rule}: {after.rate:.0f} recipients an hour{where}"
    entry = office.entry(
        action, tenant=after.tenant, subject=f"the stream {after.stream}", detail=detail, before=before, after=after
    )
    office.control.reputation.put_pace(after, entry)


def _shown(office: Office, each: Pace) -> Resource:
    """Return its resource in the language of who reads, as of suspensions."""
    reader = None if office.who.runs_service else office.control.lists.tenant(each.tenant)
    return shown(each, office.languages(reader)[0])
