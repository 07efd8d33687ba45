"""``/v1/suppressions``: addresses that get no mail."""

from asyncio import to_thread
from collections.abc import Iterable
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from estafette.store.interface.page import Page
from estafette.suppression.importing import Importing, lines_of
from estafette.suppression.table import written
from estafette.tenancy import suppressions
from estafette.web.api.actor import Caller, May
from estafette.web.api.letters import Moment
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.problems import Problem
from estafette.web.services import Services

#: Octets of a list that comes by HTTP, what of it is held in memory, and what is read at once.
_LARGEST = 1 << 30
_IN_MEMORY = 1 << 20
_PIECE = 1 << 18
_LIST: dict[str, Any] = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}, "description": "The list"}}


class NewSuppression(Body):
    """An address that is to get no mail."""

    address: str = Field(min_length=3, max_length=320, examples=["bob@example.net"])
    stream: str = Field(default="", max_length=64, description="Empty: on every stream")
    reason: str = Field(default="manual", min_length=1, max_length=64)

    expires: Moment | None = Field(default=None, description="When it ends; left out: when it is removed")

    def wanted(self) -> suppressions.Wanted:
        """Return what is to be written."""
        end = self.expires.timestamp() if self.expires else None
        return suppressions.Wanted(address=self.address, stream=self.stream, reason=self.reason, expires=end)


class NewSuppressions(Body):
    """Several addresses: all are suppressed, or none."""

    suppressions: list[NewSuppression] = Field(min_length=1, max_length=suppressions.MOST)


class Release(Body):
    """Addresses that are to get mail again."""

    addresses: list[str] = Field(min_length=1, max_length=suppressions.MOST)
    stream: str | None = Field(default=None, max_length=64, description="Left out: wherever they are suppressed")


class Evidence(BaseModel):
    """What was seen: the event and the message it is about, what the other server said, and when."""

    event: str | None
    message: str | None
    reply: str | None
    at: str | None


class SuppressionResource(BaseModel):
    """An entry. address: ``*@domain`` for a whole domain. evidence: null where somebody put it here."""

    tenant: str
    stream: str
    address: str
    reason: str
    created: str | None
    expires: str | None
    evidence: Evidence | None


class Taken(BaseModel):
    """How many were written, and how many of them are new."""

    tenant: str
    taken: int
    added: int


class Released(BaseModel):
    """How many addresses were named, and how many entries are gone."""

    tenant: str
    asked: int
    removed: int


class BadRow(BaseModel):
    """A row of a list that is no suppression."""

    line: int
    cause: str


class Imported(Taken):
    """What became of a list. form: whose it was found to be. refused: rows that are no suppressions."""

    form: str
    refused: int
    first_refused: list[BadRow]


class Removed(BaseModel):
    """What was removed."""

    tenant: str
    stream: str
    address: str
    removed: bool


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/suppressions", tags=["suppressions"], route_class=StrictRoute)
    reader, changer = May(services, "read"), May(services, "suppressions", tenant_needed=True)

    @routes.post("", status_code=201)
    async def add_suppression(body: NewSuppression, caller: Annotated[Caller, Depends(changer)]) -> SuppressionResource:
        """Refuse mail to an address; an entry that is there gets the new reason."""
        wanted = body.wanted()
        added = await caller.run(
            suppressions.add, caller.tenant, wanted.address, stream=wanted.stream, reason=wanted.reason,
            expires=wanted.expires,
        )  # fmt: skip
        return SuppressionResource.model_validate(added)

    @routes.post("/batch", status_code=201)
    async def add_suppressions(body: NewSuppressions, caller: Annotated[Caller, Depends(changer)]) -> Taken:
        """Refuse mail to several addresses."""
        wanted = [each.wanted() for each in body.suppressions]
        return Taken.model_validate(await caller.run(suppressions.add_many, caller.tenant, wanted))

    @routes.post("/release")
    async def release_suppressions(body: Release, caller: Annotated[Caller, Depends(changer)]) -> Released:
        """Let several addresses get mail again."""
        gone = await caller.run(suppressions.release_many, caller.tenant, body.addresses, stream=body.stream)
        return Released.model_validate(gone)

    @routes.post("/import", openapi_extra=_LIST)
    async def import_suppressions(
        request: Request,
        caller: Annotated[Caller, Depends(changer)],
        stream: Annotated[str, Query(max_length=64, description="Of rows that name none")] = "",
    ) -> Imported:
        """Take a list as CSV: ours, or as Mailjet, Brevo, turboSMTP, SendGrid and Postmark write it."""
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as kept:
            size = 0
            async for piece in request.stream():
                size += len(piece)
                if size > _LARGEST:
                    raise Problem(413, "too_large", f"at most {_LARGEST} octets", "split it, or use the command line")
                await to_thread(kept.write, piece)
            kept.seek(0)
            pieces = iter(lambda: kept.read(_PIECE), b"")
            taken = await to_thread(_take, caller, stream, lines_of(pieces))
        return Imported.model_validate(taken)

    @routes.get("/export", response_class=StreamingResponse, responses=_CSV)
    def export_suppressions(
        caller: Annotated[Caller, Depends(May(services, "read", tenant_needed=True))],
        stream: Annotated[str, Query(max_length=64)] = "",
        reason: Annotated[str, Query(max_length=64)] = "",
    ) -> StreamingResponse:
        """Return the entries as CSV, which can be imported again."""
        found = suppressions.entries(caller.office, caller.tenant, stream=stream, reason=reason)
        headers = {"Content-Disposition": 'attachment; filename="suppressions.csv"'}
        return StreamingResponse(written(found), media_type="text/csv; charset=utf-8", headers=headers)

    @routes.get("")
    async def list_suppressions(
        caller: Annotated[Caller, Depends(reader)],
        wanted: Annotated[Page, Depends(page)],
        stream: Annotated[str, Query(max_length=64)] = "",
        address: Annotated[str, Query(max_length=320)] = "",
        reason: Annotated[str, Query(max_length=64)] = "",
    ) -> Listed[SuppressionResource]:
        """Return entries, by stream and address."""
        found: Any = await caller.run(
            suppressions.list_all, caller.tenant, page=wanted, stream=stream, address=address, reason=reason
        )
        return Listed[SuppressionResource].model_validate(found)

    @routes.delete("/{address}")
    async def remove_suppression(
        address: str,
        caller: Annotated[Caller, Depends(changer)],
        stream: Annotated[str, Query(max_length=64, description="The entry of this stream")] = "",
    ) -> Removed:
        """Let an address get mail again."""
        gone = await caller.run(suppressions.remove, caller.tenant, address, stream=stream)
        return Removed.model_validate(gone)

    return routes


def _take(caller: Caller, stream: str, lines: Iterable[str]) -> Any:
    return Importing(caller.office, caller.tenant, stream=stream, source="the API").take(lines)
