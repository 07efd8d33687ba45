"""Suppressions: addresses, and whole domains, that get no mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from estafette.base import ids
from estafette.base.errors import Fault
from estafette.model.address import parse_path
from estafette.model.topic import split
from estafette.store.interface.page import FIRST, Page
from estafette.store.interface.records import Suppression, unnamed
from estafette.store.interface.stops import Key
from estafette.tenancy import streams
from estafette.tenancy.office import NotFound, Office, Resource, listing, moment
from estafette.tracking.token import person_of

#: Entries of one request, and of one transaction of a list that comes from elsewhere.
MOST = 1_000
REASON_LENGTH = 64
_WILD = "*@"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One address, or ``*@domain``, that is to get no mail. stream "" = none of the tenant.

    created, expires, observed: unix seconds; 0 = now, None = never. event, message, reply, observed: the evidence, see
    ``Suppression``.
    """

    address: str
    stream: str = ""
    reason: str = "manual"
    created: float = 0.0
    expires: float | None = None
    event: int = 0
    message: int = 0
    reply: str = ""
    observed: float = 0.0


def key_of(address: str) -> str:
    """Return the comparable form of an address or of ``*@domain``, which means every address of the domain.

    AddressError when it is neither.
    """
    if address.startswith(_WILD):
        return _WILD + parse_path(f"any{address[1:]}", smtputf8=True).domain.lower()
    return parse_path(address, smtputf8=True).key


def add(
    office: Office, tenant: str, address: str, *, stream: str = "", reason: str = "manual", expires: float | None = None
) -> Resource:
    """Refuse mail to an address or ``*@domain``, on a stream, one topic of it (``model.topic.scope``) or on all.

    expires: unix seconds until which, None = until it is removed. AddressError when it is none; Fault.
    """
    wanted = Wanted(address=key_of(address), stream=stream, reason=reason, expires=expires)
    return _put(office, office.tenant(tenant).id, wanted)


def add_person(office: Office, tenant: str, person: bytes, *, stream: str = "", reason: str) -> Resource:
    """Refuse mail to whoever a keyed hash stands for (``tracking.token.person_of``), whose address nobody keeps."""
    return _put(office, office.tenant(tenant).id, Wanted(address=unnamed(person), stream=stream, reason=reason))


def add_many(
    office: Office, tenant: str, wanted: Sequence[Wanted], *, weak: bool = False, source: str = ""
) -> Resource:
    """Refuse mail to many, all of them or none; AddressError and Fault name the first that cannot be.

    weak: an address that is suppressed already keeps its entry. source: where the list is from, for the audit.
    """
    owner = office.tenant(tenant).id
    for stream in {each.stream for each in wanted}:
        _check_stream(office, owner, stream)
    entries = [_entry(office, owner, msgspec.structs.replace(each, address=key_of(each.address))) for each in wanted]
    added = put_many(office, owner, entries, weak=weak, source=source)
    return {"tenant": owner, "taken": len(entries), "added": added}


def put_many(office: Office, owner: str, entries: Sequence[Suppression], *, weak: bool, source: str = "") -> int:
    """Write entries that are checked, in one transaction with one line of the audit; return how many were new."""
    detail = f"{len(entries)} entries{f' from {source}' if source else ''}"
    return office.control.stops.write(
        entries, office.entry("suppression.add_many", tenant=owner, detail=detail), weak=weak
    )


def release_many(office: Office, tenant: str, addresses: Sequence[str], *, stream: str | None = None) -> Resource:
    """Let many get mail again: on one stream (None = on all), also where a keyed hash alone is known. AddressError."""
    owner = office.tenant(tenant).id
    keys = [key_of(each) for each in addresses]
    wanted = keys + [_person(office, owner, each) for each in keys]
    found = {Key(each.tenant, each.stream, each.address) for each in office.control.stops.find(owner, wanted)}
    chosen = sorted(each for each in found if stream is None or each.stream == stream)
    entry = office.entry("suppression.release_many", tenant=owner, detail=f"{len(chosen)} entries")
    removed = office.control.stops.remove(chosen, entry) if chosen else 0
    return {"tenant": owner, "asked": len(addresses), "removed": removed}


def entries(office: Office, tenant: str, *, stream: str = "", reason: str = "") -> Iterator[Suppression]:
    """Walk through the entries of a tenant, page by page, so that a list of any length needs little memory."""
    owner, after = office.tenant(tenant).id, ""
    while True:
        page = Page(limit=MOST, after=after)
        found = office.control.lists.suppressions(page, tenant=owner, stream=stream)
        yield from (each for each in found.items if not reason or each.reason == reason)
        after = found.next
        if not after:
            return


def list_all(
    office: Office, tenant: str = "", *, page: Page = FIRST, stream: str = "", address: str = "", reason: str = ""
) -> Resource:
    """Return a page of the entries of a tenant, or of all; who is known by a hash alone is found by the address too."""
    owner = office.tenant(tenant).id if tenant else ""
    key = key_of(address) if address else ""
    found = office.control.lists.suppressions(page, tenant=owner, stream=stream, address=key, reason=reason)
    if owner and key and not found.items:
        person = _person(office, owner, key)
        found = office.control.lists.suppressions(page, tenant=owner, stream=stream, address=person, reason=reason)
    return listing([shown(each) for each in found.items], found.next)


def remove(office: Office, tenant: str, address: str, *, stream: str = "") -> Resource:
    """Let an address get mail again, also where it is known by a keyed hash alone; NotFound."""
    owner = office.tenant(tenant).id
    key = key_of(address)
    person = _person(office, owner, key)
    known = office.control.lists.suppressions(FIRST, tenant=owner, stream=stream, address=person).items
    gone = 0
    for each in (key, person) if known else (key,):
        entry = office.entry("suppression.remove", tenant=owner, subject=each, detail=stream)
        gone += office.control.remove_suppression(owner, stream, each, entry)
    if not gone:
        raise NotFound(f"{key} is not suppressed", place="ADDRESS", fix="see `estafette suppression list`")
    return {"tenant": owner, "stream": stream, "address": key, "removed": True}


def shown(entry: Suppression) -> Resource:
    """Return an entry as the API shows it."""
    evidence = None
    if entry.event or entry.message or entry.reply or entry.observed:
        evidence = {
            "event": ids.show(entry.event) if entry.event else None,
            "message": ids.show(entry.message) if entry.message else None,
            "reply": entry.reply or None,
            "at": moment(entry.observed),
        }
    return {
        "tenant": entry.tenant, "stream": entry.stream, "address": entry.address, "reason": entry.reason,
        "created": moment(entry.created), "expires": moment(entry.expires), "evidence": evidence,
    }  # fmt: skip


def _put(office: Office, owner: str, wanted: Wanted) -> Resource:
    _check_stream(office, owner, wanted.stream)
    entry = _entry(office, owner, wanted)
    key = entry.address
    office.control.put_suppression(entry, office.entry("suppression.add", tenant=owner, subject=key, after=entry))
    return shown(entry)


def _check_stream(office: Office, owner: str, stream: str) -> None:
    if stream:
        streams.find(office, owner, split(stream)[0])


def _entry(office: Office, owner: str, wanted: Wanted) -> Suppression:
    now = office.now()
    if not 0 < len(wanted.reason) <= REASON_LENGTH or not wanted.reason.isprintable():
        raise Fault("a reason has 1 to 64 printable characters", place="--reason", fix="shorten it")
    if wanted.expires is not None and wanted.expires <= now:
        raise Fault("that end is over already", place="--expires", fix="name a later one, or none")
    fields = msgspec.structs.asdict(wanted) | {"created": wanted.created or now}
    return Suppression(tenant=owner, **fields)


def _person(office: Office, tenant: str, key: str) -> str:
    return unnamed(person_of(office.keyring, tenant, key))
