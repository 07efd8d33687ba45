"""Packs: units that a tenant bought ahead, used after its plan, oldest first; they do not expire."""

from __future__ import annotations

import msgspec

from estafette.base.errors import Fault
from estafette.model.plan import Pack, Plan
from estafette.tenancy import plans
from estafette.tenancy.office import Office, Resource, listing, moment, new_id, resource

_NOTE = 200


def add(
    office: Office, tenant: str, units: int, *, price: str = "0", currency: str = "EUR", note: str = ""
) -> Resource:
    """Add a pack to a tenant; it can be used within seconds. Fault."""
    owner = office.tenant(tenant)
    if not 0 < units <= plans.MOST:
        raise Fault(f"{units} is no number of units", place="units", fix=f"use 1 to {plans.MOST}")
    if len(note) > _NOTE or not note.isprintable():
        raise Fault("the note is too long or holds control characters", place="note", fix=f"at most {_NOTE} characters")
    held = plans.checked(Plan(name=tenant, price=price, currency=currency))
    pack = Pack(
        id=new_id(), tenant=owner.id, units=units, left=units, price=held.price, currency=currency, note=note,
        created=office.now(),
    )  # fmt: skip
    office.control.plans.add_pack(pack, office.entry("pack.add", tenant=owner.id, subject=pack.id, after=pack))
    return _shown(pack)


def list_all(office: Office, tenant: str) -> Resource:
    """Return the packs of a tenant, oldest first, with what is left of each."""
    return listing([_shown(pack) for pack in office.control.plans.packs(office.tenant(tenant).id)])


def _shown(pack: Pack) -> Resource:
    return resource(msgspec.structs.asdict(pack) | {"created": moment(pack.created)})
