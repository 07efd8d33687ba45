"""``/v1/erasures``: a person is forgotten at their request."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from estafette.tenancy import persons
from estafette.web.api.actor import Caller, May
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services


class NewErasure(Body):
    """Whom to forget."""

    address: str = Field(min_length=3, max_length=320, examples=["bob@example.net"])


class ErasureResource(BaseModel):
    """What was done; nothing here names the person."""

    tombstone: str = Field(description="What stands in the place of the address from now on")
    events: int = Field(description="Events of the log that were rewritten; none was removed")
    cancelled: int = Field(description="Recipients that waited, and get nothing any more")
    contents_removed: int = Field(description="Messages removed: they were for nobody else, or came back")
    contents_kept: int = Field(description="Messages that went to others too, and are kept for them until then")
    kept_until: str | None = Field(description="When the last of these is removed; null while some of it waits")
    hits: int = Field(description="Raw hits removed")
    suppressions: int = Field(description="Entries replaced by one that holds a keyed hash")
    audit: int = Field(description="Entries of the audit in which the tombstone stands now")
    receipts: int = Field(description="Answers under idempotency keys that were removed")
    webhook_calls: int = Field(description="Calls of webhooks that were removed, with what is left of their tries")
    tickets: int = Field(description="Letters to abuse@ and postmaster@ that were removed")


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/erasures", tags=["erasures"], route_class=StrictRoute)
    eraser = May(services, "tenant", tenant_needed=True)

    @routes.post("", status_code=201)
    async def erase_person(body: NewErasure, caller: Annotated[Caller, Depends(eraser)]) -> ErasureResource:
        """Forget a person: their address leaves queue, log, hits and lists, and they are never mailed again.

        It may take minutes over a long log, and is written down without the address.
        """
        erasure = await caller.run(persons.begin, caller.tenant, body.address)
        erased = await services.persons.erase(erasure)
        return ErasureResource.model_validate(await caller.run(persons.finish, erasure, erased))

    return routes
