"""Reports from receivers: whose they are, what is kept of them, and how they are shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from hashlib import sha256
from typing import Literal

import msgspec

from estafette.base.errors import Fault
from estafette.base.shipped import table
from estafette.mail.receivers import said
from estafette.mail.receivers.fault import Unreadable
from estafette.mail.receivers.reader import open_file
from estafette.model.report import (
    DaySum,
    KeptReport,
    ReceiverReport,
    ReportKind,
    ReportOrigin,
    ReportRow,
    SourceSum,
)
from estafette.store.interface.page import FIRST, Page
from estafette.tenancy.office import NotFound, Office, Resource, listing, moment, new_id

DAY = 86_400.0
#: Seconds after the time a report is about for which it is kept; and how far ahead a receiver's clock may be.
KEPT = 400 * DAY
_AHEAD = 2 * DAY
#: Reports that a tenant may get in a day by mail, which anybody can send; and by its own hand.
MOST: dict[ReportOrigin, int] = {"mail": 1_000, "upload": 50_000}

#: What became of a report: besides what the store says, that its domain is not served, or that its time is not ours.
Became = Literal["new", "known", "beyond_limit", "foreign", "out_of_time"]


def keep(
    office: Office, found: Sequence[ReceiverReport], *, sources: Collection[str], origin: ReportOrigin,
    sender: str = "", only: str = "",
) -> list[Resource]:  # fmt: skip
    """Keep what a report says, once, and return what became of each domain in it.

    sources: addresses that we send from. sender: who mailed it. only: keep nothing but this tenant's (id).
    """
    ours = frozenset(map(said.address, sources)) - {""}
    return [_kept(office, each, ours, origin, sender, only) for each in found]


def upload(office: Office, octets: bytes, *, sources: Collection[str], tenant: str = "") -> Resource:
    """Keep what a file says, packed or not; of a tenant's domains only when one is named. Fault says why it cannot."""
    only = office.tenant(tenant).id if tenant else ""
    try:
        found = open_file(octets)
    except Unreadable as error:
        fix = "give the file as the receiver sent it: XML or JSON, plain, gzip or ZIP"
        raise Fault(str(error), place=f"report ({error.why})", fix=fix) from None
    kept = keep(office, found, sources=sources, origin="upload", only=only)
    for each in kept:
        if each["state"] == "new":
            told = f"{each['kind']} of {each['domain']} by {each['reporter']}"
            entry = office.entry("report.import", tenant=str(each["tenant"]), subject=str(each["id"]), detail=told)
            office.control.record(entry)
    return listing(kept)


def owner_of(office: Office, domain: str) -> str | None:
    """Return whose a domain or the next proved one above it is: a tenant (id), "" the service, None nobody's."""
    labels = domain.split(".")
    for at in range(max(1, len(labels) - 1)):
        name = ".".join(labels[at:])
        if name in {office.hostname.lower(), office.return_path.lower()}:
            return ""
        for each in office.control.domains(name=name):
            if each.status == "verified":
                return each.tenant
    return None


def list_all(
    office: Office, tenant: str = "", *, kind: ReportKind | None = None, domain: str = "", page: Page = FIRST
) -> Resource:
    """Return a page of reports, the newest time first: of a tenant, or of all."""
    found = office.control.reports.page(page, tenant=_scope(office, tenant), kind=kind, domain=_named(domain))
    return listing([shown(each) for each in found.items], found.next)


def show(office: Office, identity: str, *, tenant: str = "") -> Resource:
    """Return one report with its rows; NotFound, also when it is another tenant's."""
    owner = _scope(office, tenant)
    found = office.control.reports.find(identity)
    if found is None or owner not in {None, found.tenant}:
        raise NotFound(f"there is no report {identity!r}", place="ID", fix="see `estafette report list`")
    rows = office.control.reports.rows(identity)
    return shown(found) | {"rows": [msgspec.structs.asdict(row) for row in rows]}


def sources(office: Office, tenant: str = "", *, domain: str = "", days: int = 30, page: Page = FIRST) -> Resource:
    """Return a page of the addresses that sent mail of a domain in some days, ours first, and what passed."""
    owner = _scope(office, tenant)
    found = office.control.reports.sources(page, tenant=owner, first=_first(office, days), domain=_named(domain))
    languages = office.languages(office.tenant(tenant) if tenant else None)
    words = [_words()[language] for language in languages]
    return listing([_source(each, words) for each in found.items], found.next)


def days(office: Office, tenant: str = "", *, domain: str = "", days: int = 30) -> Resource:
    """Return by day and domain how many messages were reported, and how many passed."""
    owner = _scope(office, tenant)
    found = office.control.reports.days(tenant=owner, first=_first(office, days), domain=_named(domain))
    return listing([_day(each) for each in found])


def shown(each: KeptReport) -> Resource:
    """Return the resource of a report. verdicts of rows are the receiver's; ``ours`` is ours."""
    return {
        "id": each.id, "tenant": each.tenant, "kind": each.kind, "domain": each.domain, "reporter": each.reporter,
        "report": each.report, "contact": each.contact, "begin": moment(each.begin), "end": moment(each.end),
        "received": moment(each.received), "origin": each.origin, "sender": each.sender, "form": each.form,
        "policy": each.policy, "messages": each.messages, "passed": each.passed, "ours": each.ours,
        "ours_passed": each.ours_passed, "unlisted": each.unlisted,
    }  # fmt: skip


def _scope(office: Office, tenant: str) -> str | None:
    return office.tenant(tenant).id if tenant else None


def _named(domain: str) -> str:
    """Return a domain in the form in which reports are kept; "" for none, Fault for what is no domain."""
    found = said.domain(domain)
    if domain and not found:
        raise Fault(f"{domain[:100]!r} is no domain", place="--domain", fix="give a name such as company.example")
    return found


def _first(office: Office, days: int) -> int:
    if not 1 <= days <= KEPT // DAY:
        raise Fault(f"days are 1 to {KEPT // DAY:.0f}", place="--days", fix="give a number of days")
    return int(office.now() // DAY) - days


def _kept(
    office: Office, found: ReceiverReport, ours: frozenset[str], origin: ReportOrigin, sender: str, only: str
) -> Resource:
    told: Resource = {"id": "", "tenant": "", "kind": found.kind, "domain": found.domain, "reporter": found.reporter}
    owner, now = owner_of(office, found.domain), office.now()
    if owner is None or (only and owner != only):
        return told | {"state": "foreign"}
    if found.begin > now + _AHEAD or found.end < now - KEPT:
        return told | {"state": "out_of_time"}
    rows = _marked(office, owner, found.rows, ours)
    mine = [row for row in rows if row.ours]
    report = KeptReport(
        id=new_id(), tenant=owner, name=_name(found), kind=found.kind, domain=found.domain, reporter=found.reporter,
        report=found.report, contact=found.contact, begin=found.begin, end=found.end, received=now, origin=origin,
        sender=sender[:320], form=found.form, policy=found.policy, messages=found.messages, passed=found.passed,
        unlisted=found.unlisted, ours=sum(row.count for row in mine),
        ours_passed=sum(row.count for row in mine if row.passed),
    )  # fmt: skip
    state: Became = office.control.reports.keep(report, rows, since=now - DAY, most=MOST[origin])
    return told | {"id": report.id if state == "new" else "", "tenant": owner, "state": state}


def _name(found: ReceiverReport) -> str:
    named = f"{found.kind}\n{found.domain}\n{found.reporter.lower()}\n{found.report}"
    return sha256(named.encode("utf-8", "replace")).hexdigest()


def _marked(office: Office, owner: str, rows: Sequence[ReportRow], ours: frozenset[str]) -> list[ReportRow]:
    """Return rows that say whether they are ours: from an address of ours, or under a signature that we made."""
    selectors: dict[str, frozenset[str]] = {}
    found = []
    for row in rows:
        signed = row.signature == "pass" and bool(row.signer) and bool(row.selector)
        if signed and row.signer not in selectors:
            keys = office.control.keys(owner, row.signer)
            selectors[row.signer] = frozenset(key.selector.lower() for key in keys)
        mine = row.source in ours or (signed and row.selector.lower() in selectors[row.signer])
        found.append(msgspec.structs.replace(row, ours=mine))
    return found


def _source(each: SourceSum, words: Sequence[dict[str, str]]) -> Resource:
    verdict = _verdict(each)
    told = [text[verdict].format(passed=each.passed, messages=each.messages) for text in words]
    return {
        "domain": each.domain, "source": each.source, "ours": each.ours, "messages": each.messages,
        "passed": each.passed, "dkim": each.dkim, "spf": each.spf, "rejected": each.rejected,
        "quarantined": each.quarantined, "first": _date(each.first), "last": _date(each.last), "verdict": verdict,
        "words": " / ".join(told),
    }  # fmt: skip


def _verdict(each: SourceSum) -> str:
    if each.passed >= each.messages:
        return "own" if each.ours else "allowed"
    if each.ours:
        return "own_failing"
    return "partly" if each.passed else "foreign"


def _day(each: DaySum) -> Resource:
    return {
        "domain": each.domain, "day": _date(each.day), "messages": each.messages, "passed": each.passed,
        "ours": each.ours, "ours_passed": each.ours_passed,
    }  # fmt: skip


def _date(day: int) -> str:
    return str(moment(day * DAY))[:10]


@cache
def _words() -> dict[str, dict[str, str]]:
    return table("estafette.tenancy", "reports.toml", dict[str, dict[str, str]])
