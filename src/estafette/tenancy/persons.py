"""The erasure of a person at their request: who it was is forgotten, that they want no mail is not."""

from __future__ import annotations

import secrets

from estafette.model.address import parse_path
from estafette.model.erasure import DOMAIN, Erased, Erasure
from estafette.tenancy import suppressions
from estafette.tenancy.office import Office, Resource, moment
from estafette.tracking.token import person_of

REASON = "erased"


def begin(office: Office, tenant: str, address: str) -> Erasure:
    """Refuse mail to a person from now on, by a keyed hash; return what is to be erased. AddressError."""
    owner = office.tenant(tenant).id
    key = parse_path(address, smtputf8=True).key
    suppressions.add_person(office, owner, person_of(office.keyring, owner, key), reason=REASON)
    return Erasure(owner, key, f"erased-{secrets.token_hex(8)}@{DOMAIN}")


def finish(office: Office, erasure: Erasure, erased: Erased) -> Resource:
    """Erase the person from the control data too, write that down without the address, and say what was done."""
    detail = f"{erased.events} events, {erased.cancelled} cancelled"
    entry = office.entry("person.erase", tenant=erasure.tenant, subject=erasure.tombstone, detail=detail)
    wiped = office.control.persons.wipe(erasure, entry)
    return {
        "tombstone": erasure.tombstone,
        "events": erased.events,
        "cancelled": erased.cancelled,
        "contents_removed": erased.contents,
        "contents_kept": erased.kept,
        "kept_until": moment(erased.kept_until or None),
        "hits": erased.hits,
        "suppressions": wiped.suppressions,
        "audit": wiped.audit,
        "receipts": wiped.receipts,
        "webhook_calls": wiped.calls,
        "tickets": wiped.tickets,
    }
