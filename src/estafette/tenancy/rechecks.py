"""The daily look at proved domains: what is gone is told at once, and forgiven for two weeks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from estafette.base import log
from estafette.base.errors import Fault
from estafette.model.domain import Domain
from estafette.model.user import Letter
from estafette.store.interface.records import SealedKey
from estafette.tenancy import comparison, domains, proof
from estafette.tenancy.office import Office, Resource, moment, new_secret
from estafette.tenancy.published import Names, Silent

EVERY = 86_400.0
#: Seconds from the first warning until the domain must be proved anew. Mail is never sent in another name instead.
GRACE = 14 * 86_400.0
_AT_ONCE = 20

_log = log.get("tenancy.rechecks")


async def look(office: Office, names: Names) -> int:
    """Look at the domains that are due; return how many were looked at."""
    due = await asyncio.to_thread(office.control.sending.unchecked, office.now() - EVERY, _AT_ONCE)
    for domain in due:
        checked: Resource | None
        try:
            checked = await comparison.compare(await asyncio.to_thread(domains.of, office, domain), names)
        except Silent:
            # Nothing is known, so nothing is concluded; it is asked again with the next day's.
            checked = None
        await asyncio.to_thread(conclude, office, domain, checked)
    return len(due)


def conclude(office: Office, domain: Domain, checked: Resource | None) -> Domain:
    """Write down what a look has found, None for no answer; return the domain as it is now."""
    now = office.now()
    if checked is None:
        after, keys = msgspec.structs.replace(domain, checked=now), []
    else:
        keys = proof.seen_keys(office, domain, checked)
        after = _judged(office, domain, checked, keys)
        after = msgspec.structs.replace(after, tracked=proof.tracked(office, checked))
    changed = after.status != domain.status
    action = {"verified": "domain.recovered", "warning": "domain.warning", "pending": "domain.lapsed"}
    entry = office.entry(
        action.get(after.status, "domain.check"), tenant=domain.tenant, subject=domain.name, detail=after.reason,
        before=domain, after=after,
    )  # fmt: skip
    try:
        letters = _letters(office, domain, after) if changed else ()
        office.control.sending.note_check(domain, after, keys, entry if changed else None, letters)
    except Fault as fault:
        # Somebody changed the domain meanwhile; it is still due and is looked at again.
        _log.info("domain_check_lost", domain=domain.name, cause=fault.cause)
        return domain
    return after


def _judged(office: Office, domain: Domain, checked: Resource, keys: Sequence[SealedKey]) -> Domain:
    now = office.now()
    zone = str(checked.get("zone", "")) or domain.zone
    held = {key.selector for key in office.control.keys(domain.tenant, domain.name) if key.stage == "active"}
    missing = [] if proof.owned(checked) else ["ownership"]
    missing += [] if held & {key.selector for key in keys} else ["dkim"]
    if not missing:
        return msgspec.structs.replace(domain, status="verified", checked=now, warned=None, reason="", zone=zone)
    reason = f"records are gone: {', '.join(missing)}"
    warned = domain.warned if domain.warned is not None else now
    if "ownership" in missing and now - warned >= GRACE:
        # Whoever holds the name next must not inherit a token that still rests in the DNS.
        return msgspec.structs.replace(
            domain, status="pending", checked=now, warned=None, reason=reason, token=new_secret(), issued=now
        )
    return msgspec.structs.replace(domain, status="warning", checked=now, warned=warned, reason=reason, zone=zone)


def _letters(office: Office, before: Domain, after: Domain) -> Sequence[Letter]:
    ends = moment((after.warned or office.now()) + GRACE) or ""
    gone = after.reason.rpartition(": ")[2]
    return proof.told(
        office, before.tenant, f"domain-{after.status}", domain=after.name, records=gone, ends=ends[:10]
    )  # fmt: skip
