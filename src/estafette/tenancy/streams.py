"""Streams: a tenant's classes of mail."""

from __future__ import annotations

import re
from functools import partial
from typing import cast
from zoneinfo import ZoneInfo

import msgspec

from estafette.base.errors import Fault
from estafette.model.address import parse_path
from estafette.model.stream import READY_MADE, Stream, StreamKind, SuppressionScope, Tracking
from estafette.model.tenant import Tenant
from estafette.model.window import DAYS, SendingWindow, minutes
from estafette.store.interface.page import Page, Paged
from estafette.store.interface.records import AlreadyThere
from estafette.tenancy import features, pace_text
from estafette.tenancy.office import NotFound, Office, Resource, listing, resource
from estafette.tenancy.permissions import require

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
#: Seconds that content may be kept: ten years.
LONGEST = 10 * 366 * 86_400.0
#: The egress group of a stream of which nothing is said.
DEFAULT_EGRESS = "default"
#: What is said beside the mode that measures everybody (facts: screens-and-measurement 3.3).
NOTICE = (
    "individual measures every recipient who has not refused: in France, Italy and elsewhere in the EU a pixel needs "
    "consent before it is sent; choose consented, or aggregate"
)
_DAY = 86_400.0


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller says of a stream; None leaves it as it is. Fields as ``Stream``'s.

    retention: below 0 = the setting of its kind. window: days () = always open. suspended, egress: operators only.
    """

    tracking: Tracking | None = None
    egress: str | None = None
    report_to: str | None = None
    reply_to: str | None = None
    retention: float | None = None
    suppression: SuppressionScope | None = None
    suspended: str | None = None
    window: SendingWindow | None = None


def create(office: Office, tenant: str, name: str, kind: StreamKind, habits: Habits | None = None) -> Resource:
    """Add a stream. Its kind is its priority, and stays. AlreadyThere, NotInPlan, AddressError, Fault."""
    account = office.tenant(tenant)
    owner = account.id
    if not _NAME.fullmatch(name):
        raise _wrong("name", f"{name!r} is no name for a stream", "use 1 to 63 lower-case letters, digits, hyphens")
    if kind not in READY_MADE:
        raise _wrong("kind", f"{kind!r} is no kind of stream", f"choose one of {', '.join(READY_MADE)}")
    fresh = Stream(tenant=owner, name=name, kind=kind)
    made = _allowed(office, account, fresh, _changed(office, fresh, habits or Habits()))
    features.room(office, account, "streams", "name", partial(_streams, office, owner), besides=len(READY_MADE))
    entry = office.entry("stream.create", tenant=owner, subject=name, after=made)
    try:
        office.control.sending.add_stream(made, entry)
    except AlreadyThere:
        raise AlreadyThere(f"there is a stream {name} already") from None
    return show(office, owner, name)


def list_all(office: Office, tenant: str) -> Resource:
    """Return the streams of a tenant."""
    owner = office.tenant(tenant)
    found, slowed = office.control.streams(owner.id), _slowed(office, owner)
    return listing(
        [_shown(stream) | {"slowed": [each for each in slowed if each["stream"] == stream.name]} for stream in found]
    )


def show(office: Office, tenant: str, name: str) -> Resource:
    """Return one stream; NotFound."""
    owner = office.tenant(tenant)
    return _shown(find(office, owner.id, name)) | {
        "slowed": [each for each in _slowed(office, owner) if each["stream"] == name]
    }


def update(office: Office, tenant: str, name: str, habits: Habits) -> Resource:
    """Change what is given. NotFound, AddressError, Forbidden, NotInPlan, Stale, Fault."""
    account = office.tenant(tenant)
    owner = account.id
    before = find(office, owner, name)
    office.seen(before.version)
    after = _allowed(office, account, before, _changed(office, before, habits))
    entry = office.entry("stream.update", tenant=owner, subject=name, before=before, after=after)
    office.control.put_stream(after, entry)
    return show(office, owner, name)


def remove(office: Office, tenant: str, name: str) -> Resource:
    """Remove a named stream that no credential sends on; its mail that waits still leaves. NotFound, InUse, Fault."""
    owner = office.tenant(tenant).id
    if name in READY_MADE:
        raise _wrong("name", f"every tenant has a stream {name}", "leave it; suspend it if it must not send")
    stream = find(office, owner, name)
    office.seen(stream.version)
    entry = office.entry("stream.remove", tenant=owner, subject=name, before=stream)
    office.control.sending.remove_stream(stream, entry)
    return {"tenant": owner, "name": name, "removed": True}


def find(office: Office, tenant: str, name: str) -> Stream:
    """Return a stream of a tenant id; NotFound."""
    for stream in office.control.streams(tenant):
        if stream.name == name:
            return stream
    raise NotFound(f"there is no stream {name!r}", place="--stream", fix="see `estafette stream list`")


def _changed(office: Office, stream: Stream, habits: Habits) -> Stream:
    given: dict[str, object] = {
        field: value for field, value in msgspec.structs.asdict(habits).items() if value is not None
    }
    if {"egress", "suspended"} & given.keys():
        require(office.who, "service", stream.tenant)
    for field in ("report_to", "reply_to"):
        if given.get(field):
            given[field] = parse_path(str(given[field])).text
    _choose(given, "tracking", Tracking.__args__)  # type: ignore[attr-defined]
    _choose(given, "suppression", SuppressionScope.__args__)  # type: ignore[attr-defined]
    if habits.retention is not None:
        given["retention"] = _retention(habits.retention)
    window = cast("SendingWindow | None", given.pop("window", None))
    changed = msgspec.structs.replace(stream, **given)
    return changed if window is None else _open(changed, window)


def _allowed(office: Office, tenant: Tenant, before: Stream, after: Stream) -> Stream:
    """Return the new state unless the plan says no to what is new in it."""
    if after.egress not in {before.egress, DEFAULT_EGRESS}:
        features.require(office, tenant, "dedicated-egress", "egress")
    if after.tracking == "individual" and before.tracking != "individual":
        features.require(office, tenant, "individual-tracking", "tracking")
    if after.retention is not None and after.retention > (before.retention or 0.0):
        features.at_most(office, tenant, "retention-days", "retention", after.retention / _DAY)
    return after


def _streams(office: Office, tenant: str, _page: Page) -> Paged[Stream]:
    return Paged(tuple(office.control.streams(tenant)))


def _choose(given: dict[str, object], field: str, allowed: tuple[str, ...]) -> None:
    if field in given and given[field] not in allowed:
        raise _wrong(field, f"{given[field]!r} is no {field}", f"choose one of {', '.join(allowed)}")


def _retention(seconds: float) -> float | None:
    if seconds > LONGEST:
        raise _wrong("retention", "content is kept for ten years at most", "shorten it")
    return None if seconds < 0 else seconds


def _open(stream: Stream, window: SendingWindow) -> Stream:
    if not window.days:
        return msgspec.structs.replace(stream, window_days=(), window_from="", window_to="", window_zone="")
    unknown = [day for day in window.days if day not in DAYS]
    if unknown:
        raise _wrong("window.days", f"{unknown[0]!r} is no day", f"use {', '.join(DAYS)}")
    try:
        first, last = minutes(window.opens), minutes(window.closes)
    except ValueError as error:
        raise _wrong("window", str(error), "use HH:MM") from None
    if first in {last, 1440}:
        raise _wrong("window", "the window would never open", "give a beginning before 24:00, and another end")
    return msgspec.structs.replace(
        stream, window_days=tuple(day for day in DAYS if day in window.days), window_from=window.opens,
        window_to=window.closes, window_zone=_zone(window.zone),
    )  # fmt: skip


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ValueError, KeyError, OSError):
        raise _wrong("window.zone", f"{name[:64]!r} is no time zone", "use a name such as Europe/Paris") from None


def _slowed(office: Office, tenant: Tenant) -> list[Resource]:
    """Return what slows streams of a tenant now, in the language of who reads."""
    language = office.languages(None if office.who.runs_service else tenant)[0]
    found = office.control.reputation.paces(tenant.id, ended=False)
    return [pace_text.shown(each, language) for each in found]


def _shown(stream: Stream) -> Resource:
    fields = resource(msgspec.structs.asdict(stream))
    for name in ("window_days", "window_from", "window_to", "window_zone"):
        del fields[name]
    window = stream.window
    fields["window"] = (
        {"days": list(window.days), "from": window.opens, "to": window.closes, "zone": window.zone} if window else None
    )
    fields["private"] = stream.kind == "personal"
    fields["notice"] = NOTICE if stream.tracking == "individual" else ""
    return fields


def _wrong(place: str, cause: str, fix: str) -> Fault:
    return Fault(cause, place=place, fix=fix)
