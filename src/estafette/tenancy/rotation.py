"""Rotation of DKIM keys: by hand, and by the calendar."""

from __future__ import annotations

from estafette.base.errors import Fault
from estafette.model.domain import Domain
from estafette.store.interface.records import SealedKey
from estafette.tenancy import dkim_keys, domains
from estafette.tenancy.dkim_keys import SIGNS
from estafette.tenancy.office import Office, Resource

#: Domains whose keys are turned in one round: making a pair takes a tenth of a second or more.
AT_ONCE = 20


def rotate(office: Office, name: str, *, tenant: str = "") -> Resource:
    """Let the next keys of a domain sign from now on; the old ones retire. NotFound, Stale, Fault."""
    domain = domains.find(office, name, tenant)
    office.seen(domain.version)
    _turn(office, domain)
    return domains.of(office, domain)


def keep(office: Office, most: int = AT_ONCE) -> list[str]:
    """Do what is due: keys that signed for half a year are replaced, retiring ones are retired; return domains.

    most: domains turned, and keys retired, in this round; the rest is due in the next. Those longest due go first.
    """
    done: list[str] = []
    for key in office.control.sending.keys_in("retiring", office.now()):
        if len(done) >= most:
            break
        if _over(office, key):
            done.append(key.domain)
    return done + _replaced(office, most)


def _replaced(office: Office, most: int) -> list[str]:
    done: list[str] = []
    for old in office.control.sending.keys_in("active", office.now() - SIGNS):
        if len(done) >= most:
            break
        domain = _domain(office, old)
        # The list is of keys: the first of a domain turns them all.
        if domain is not None and domain.status == "verified" and _signs(office, old):
            try:
                _turn(office, domain)
            except Fault:
                continue
            done.append(domain.name)
    return done


def _turn(office: Office, domain: Domain) -> None:
    new, changed = dkim_keys.turn(office, domain, office.control.keys(domain.tenant, domain.name))
    detail = ", ".join(f"{key.selector} {key.stage}" for key in [*changed, *new])
    entry = office.entry("domain.rotate", tenant=domain.tenant, subject=domain.name, detail=detail)
    office.control.sending.put_keys(new, changed, entry)


def _over(office: Office, key: SealedKey) -> bool:
    """Retire a key when its time has come."""
    if key.until is None or key.until > office.now():
        return False
    domain = _domain(office, key)
    after = dkim_keys.retire(office, domain, key) if domain else dkim_keys.stage(office, key, "retired")
    detail = f"{key.selector} {after.stage}"
    entry = office.entry("domain.key_retired", tenant=key.tenant, subject=key.domain, detail=detail)
    office.control.sending.put_keys((), (after,), entry)
    return True


def _domain(office: Office, key: SealedKey) -> Domain | None:
    return next(iter(office.control.domains(tenant=key.tenant, name=key.domain)), None)


def _signs(office: Office, key: SealedKey) -> bool:
    held = office.control.keys(key.tenant, key.domain)
    return any(each.selector == key.selector and each.stage == "active" for each in held)
