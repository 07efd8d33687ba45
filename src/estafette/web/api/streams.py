"""``/v1/streams``: a tenant's classes of mail, each with its priority and its habits."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from estafette.model.window import SendingWindow
from estafette.tenancy import streams
from estafette.tenancy.streams import LONGEST, Habits
from estafette.web.api.actor import Caller, May
from estafette.web.api.etag import tagged
from estafette.web.api.paces import PaceResource
from estafette.web.api.paging import Listed
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Clock = Annotated[str, Field(pattern=r"^\d\d:\d\d$", examples=["08:30"])]


class Window(Body):
    """The hours of the week in which mail leaves; outside them it waits."""

    days: list[Day] = Field(max_length=7, description="None = every hour of the week")
    from_: Clock = Field(alias="from", default="00:00")
    to: Clock = Field(default="24:00", description="At or before `from` = of the next day")
    zone: str = Field(default="UTC", min_length=1, max_length=64, examples=["Europe/Paris"])


class StreamChange(Body):
    """What to change; what is left out stays."""

    tracking: Literal["off", "aggregate", "consented", "individual"] | None = None
    egress: str | None = Field(default=None, min_length=1, max_length=64, description="Operators only")
    report_to: str | None = Field(default=None, max_length=320, description="Who gets failure notices; empty: nobody")
    reply_to: str | None = Field(
        default=None, max_length=320, description="Reply-To of messages that have none; empty: they stay without"
    )
    retention: float | None = Field(
        default=None, ge=-1, le=LONGEST, description="Seconds that content is kept after delivery, -1 = the setting"
    )
    suppression: Literal["stream", "tenant"] | None = Field(default=None, description="Whom its suppressions stop")
    suspended: str | None = Field(default=None, max_length=1000, description="Operators only; empty lifts it")
    window: Window | None = None

    def habits(self) -> Habits:
        """Return what was given, as the service wants it."""
        names = set(Habits.__struct_fields__) - {"window"}
        given = {name: getattr(self, name) for name in names}
        window = self.window
        chosen = SendingWindow(tuple(window.days), window.from_, window.to, window.zone) if window else None
        return Habits(**given, window=chosen)


class NewStream(StreamChange):
    """A stream to add."""

    name: str = Field(min_length=1, max_length=63, examples=["invoices"])
    kind: Literal["personal", "transactional", "bulk"] = Field(description="Its priority; personal is private")


class WindowShown(BaseModel):
    """The hours of the week in which mail leaves."""

    days: list[Day]
    from_: str = Field(alias="from")
    to: str
    zone: str


class StreamResource(BaseModel):
    """A stream."""

    tenant: str
    name: str = Field(examples=["transactional"])
    kind: Literal["personal", "transactional", "bulk"]
    egress: str
    report_to: str
    retention: float | None
    suspended: str
    tracking: Literal["off", "aggregate", "consented", "individual"]
    reply_to: str
    suppression: Literal["stream", "tenant"]
    window: WindowShown | None
    private: bool = Field(description="Content and recipients are shown to their sender only")
    notice: str = Field(description="What to know about its tracking; empty: nothing")
    slowed: list[PaceResource] = Field(description="What slows it now, and why")
    version: int


class RemovedStream(BaseModel):
    """A stream that is no more."""

    tenant: str
    name: str
    removed: bool


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/streams", tags=["streams"], route_class=StrictRoute)
    reader = May(services, "read", tenant_needed=True)
    creator = May(services, "streams", tenant_needed=True)
    changer = May(services, "streams", tenant_needed=True, strict=True)

    @routes.post("", status_code=201)
    async def create_stream(
        body: NewStream, response: Response, caller: Annotated[Caller, Depends(creator)]
    ) -> StreamResource:
        """Add a stream."""
        made = await caller.run(streams.create, caller.tenant, body.name, body.kind, body.habits())
        return tagged(StreamResource, made, response)

    @routes.get("")
    async def list_streams(caller: Annotated[Caller, Depends(reader)]) -> Listed[StreamResource]:
        """Return the streams."""
        found: Any = await caller.run(streams.list_all, caller.tenant)
        return Listed[StreamResource].model_validate(found)

    @routes.get("/{stream}")
    async def show_stream(
        stream: str, response: Response, caller: Annotated[Caller, Depends(reader)]
    ) -> StreamResource:
        """Return one stream."""
        return tagged(StreamResource, await caller.run(streams.show, caller.tenant, stream), response)

    @routes.patch("/{stream}")
    async def update_stream(
        stream: str, body: StreamChange, response: Response, caller: Annotated[Caller, Depends(changer)]
    ) -> StreamResource:
        """Change what is given."""
        changed = await caller.run(streams.update, caller.tenant, stream, body.habits())
        return tagged(StreamResource, changed, response)

    @routes.delete("/{stream}")
    async def remove_stream(stream: str, caller: Annotated[Caller, Depends(creator)]) -> RemovedStream:
        """Remove a stream on which no credential sends; its mail that waits still leaves."""
        return RemovedStream.model_validate(await caller.run(streams.remove, caller.tenant, stream))

    return routes
