"""How a domain is proved, and how it comes to another tenant: by the DNS, never by anybody's word."""

from __future__ import annotations

import msgspec

from estafette.base.errors import Fault
from estafette.model.domain import Domain
from estafette.model.user import Letter
from estafette.store.interface.records import AlreadyThere, SealedKey
from estafette.store.interface.sending import Move
from estafette.tenancy import alerts, comparison, domains, letters, records
from estafette.tenancy.office import Office, Resource, new_secret
from estafette.tenancy.published import Names

#: Seconds for which a token takes a domain from another tenant: one that was forgotten in the DNS must not.
FRESH = 7 * 86_400.0


async def check(office: Office, name: str, names: Names, *, tenant: str = "") -> Resource:
    """Return each record with what its name servers have, in words; changes nothing. NotFound, Silent."""
    return await comparison.compare(domains.show(office, name, tenant=tenant), names)


def verify(office: Office, name: str, *, tenant: str = "") -> Resource:
    """Take a domain as proved without looking at DNS: the operator's word, which the audit keeps.

    Fault when another tenant holds it proved (nobody's word moves a domain), or when it is suspended.
    """
    domain = domains.find(office, name, tenant)
    keys = [key for key in office.control.keys(domain.tenant, domain.name) if key.stage == "active"]
    proved = _proved(office, domain, "")
    try:
        return _keep(office, domain, proved, keys, "domain.verify.force")
    except AlreadyThere:
        raise Fault(
            f"{domain.name} is verified for another tenant", place="DOMAIN",
            fix="prove it by its record: estafette domain verify without --force",
        ) from None  # fmt: skip


def conclude(office: Office, checked: Resource, *, tenant: str = "") -> Resource:
    """Make a domain verified when ``check`` found its ownership record; Fault when it did not.

    A domain that another tenant has proved goes to this one when the token is fresh; the other is told.
    """
    domain = domains.find(office, str(checked["domain"]), tenant)
    office.seen(domain.version)
    if not owned(checked):
        raise Fault(
            f"the ownership record of {domain.name} was not found", place=f"_estafette.{domain.name} TXT",
            fix="publish it and verify again", temporary=True,
        )  # fmt: skip
    keys = seen_keys(office, domain, checked)
    proved = _proved(office, domain, str(checked.get("zone", "")))
    proved = msgspec.structs.replace(proved, tracked=tracked(office, checked))
    try:
        return _keep(office, domain, proved, keys, "domain.verify")
    except AlreadyThere:
        return _claim(office, domain, proved, keys)


def renew(office: Office, name: str, *, tenant: str = "") -> Resource:
    """Give a domain a fresh token, to be published in place of the old one; its state stays. NotFound, Stale."""
    domain = domains.find(office, name, tenant)
    office.seen(domain.version)
    label = domain.label or domains.new_label(office, domain.tenant, domain.name)
    after = msgspec.structs.replace(domain, token=new_secret(), issued=office.now(), label=label)
    entry = office.entry("domain.renew", tenant=domain.tenant, subject=domain.name, before=domain, after=after)
    office.control.put_domain(after, entry)
    return domains.show(office, domain.name, tenant=domain.tenant)


def owned(checked: Resource) -> bool:
    """Return whether every record is there without which a domain is nobody's."""
    lines = checked["records"]
    assert isinstance(lines, list)
    return all(line["ok"] for line in lines if line["purpose"] in records.REQUIRED)


def seen_keys(office: Office, domain: Domain, checked: Resource) -> list[SealedKey]:
    """Return the keys whose records were found, as seen now."""
    lines = checked["records"]
    assert isinstance(lines, list)
    found = {line["name"].partition("._domainkey.")[0] for line in lines if line["purpose"] == "dkim" and line["ok"]}
    keys = office.control.keys(domain.tenant, domain.name)
    return [msgspec.structs.replace(key, seen=office.now()) for key in keys if key.selector in found]


def tracked(office: Office, checked: Resource) -> float:
    """Return when the record was found under which measured links may bear the domain's own name: now, or 0."""
    lines = checked["records"]
    assert isinstance(lines, list)
    return office.now() if any(line["ok"] for line in lines if line["purpose"] == "tracking") else 0.0


def _proved(office: Office, domain: Domain, zone: str) -> Domain:
    if domain.status == "suspended":
        raise Fault(f"{domain.name} is suspended", place="DOMAIN", fix="ask the operator to lift the suspension")
    office.seen(domain.version)
    return msgspec.structs.replace(
        domain, status="verified", checked=office.now(), warned=None, reason="", zone=zone or domain.zone
    )


def _keep(office: Office, before: Domain, after: Domain, keys: list[SealedKey], action: str) -> Resource:
    seen = [msgspec.structs.replace(key, seen=office.now()) for key in keys]
    entry = office.entry(action, tenant=before.tenant, subject=before.name, before=before, after=after)
    office.control.sending.note_check(before, after, seen, entry, ())
    return domains.show(office, after.name, tenant=after.tenant)


def _claim(office: Office, domain: Domain, proved: Domain, keys: list[SealedKey]) -> Resource:
    if office.now() - domain.issued > FRESH:
        raise Fault(
            f"{domain.name} is verified for another tenant, and the token is older than 7 days", place="DOMAIN",
            fix="estafette domain renew DOMAIN, publish the new ownership record, verify again",
        )  # fmt: skip
    others = office.control.sending.domain(domain.name)
    holder = next(each for each in others if each.tenant != domain.tenant and each.status != "pending")
    reason = "another account has proved this domain"
    lost = msgspec.structs.replace(
        holder, status="pending", reason=reason, token=new_secret(), issued=office.now(), warned=None
    )
    about = {"subject": domain.name}
    office.control.sending.move(
        Move(
            winner=proved,
            loser=lost,
            won=office.entry("domain.claim", tenant=domain.tenant, before=domain, after=proved, **about),
            lost=office.entry("domain.lost", tenant=holder.tenant, detail=reason, before=holder, after=lost, **about),
            letters=tuple(told(office, holder.tenant, "domain-lost", domain=domain.name)),
        )
    )
    return _keep(office, domains.find(office, proved.name, proved.tenant), proved, keys, "domain.verify")


def told(office: Office, tenant: str, kind: str, **words: str) -> list[Letter]:
    """Return letters of a kind to whoever is told about an account, in its language."""
    known = office.control.lists.tenant(tenant)
    readers = alerts.readers(office, known) if known else ()
    text = letters.said(kind, office.languages(known), lambda _language: words)
    return [letters.write(office, address, text.subject, text.text) for address in readers]
