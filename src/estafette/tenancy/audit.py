"""The audit: who did what to whose things."""

from __future__ import annotations

import msgspec

from estafette.store.interface.page import FIRST, Page
from estafette.tenancy.office import Office, Resource, listing, moment, resource


def list_all(office: Office, *, tenant: str = "", page: Page = FIRST, actor: str = "", action: str = "") -> Resource:
    """Return a page of acts, newest first. action: a whole action, or a part of them such as ``domain``."""
    owner = office.tenant(tenant).id if tenant else ""
    found = office.control.lists.audit(page, tenant=owner, actor=actor, action=action)
    acts = [resource(msgspec.structs.asdict(each) | {"at": moment(each.at)}) for each in found.items]
    return listing(acts, found.next)


def record(office: Office, action: str, *, tenant: str = "", subject: str = "", detail: str = "") -> None:
    """Write down an act that changed nothing in the control data, such as a hold on the queue."""
    office.control.record(office.entry(action, tenant=tenant, subject=subject, detail=detail))
