"""``/v1/topics``: what the mail of a stream is about; recipients choose among them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from estafette.tenancy import topics
from estafette.web.api.actor import Caller, May
from estafette.web.api.etag import tagged
from estafette.web.api.paging import Listed
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services

_Title = Field(max_length=120, description="As recipients read it", examples=["Weekly offers"])
Stream = Annotated[str, Query(min_length=1, max_length=64, description="The stream whose mail it divides")]


class NewTopic(Body):
    """A topic to add."""

    stream: str = Field(min_length=1, max_length=64, examples=["bulk"])
    name: str = Field(min_length=1, max_length=48, examples=["offers"])
    title: str = _Title
    french: str = Field(default="", max_length=120, description="The title for those who read French")


class TopicChange(Body):
    """What to change; what is left out stays."""

    title: str | None = Field(default=None, max_length=120)
    french: str | None = Field(default=None, max_length=120)


class TopicResource(BaseModel):
    """A topic."""

    tenant: str
    stream: str = Field(examples=["bulk"])
    name: str = Field(examples=["offers"])
    title: str
    french: str
    created: str | None
    version: int


class RemovedTopic(BaseModel):
    """A topic that is no more."""

    tenant: str
    stream: str
    name: str
    removed: bool


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/topics", tags=["topics"], route_class=StrictRoute)
    reader = May(services, "read", tenant_needed=True)
    creator = May(services, "streams", tenant_needed=True)
    changer = May(services, "streams", tenant_needed=True, strict=True)

    @routes.post("", status_code=201)
    async def create_topic(
        body: NewTopic, response: Response, caller: Annotated[Caller, Depends(creator)]
    ) -> TopicResource:
        """Add a topic to a stream."""
        made = await caller.run(
            topics.create, caller.tenant, body.stream, body.name, title=body.title, french=body.french
        )
        return tagged(TopicResource, made, response)

    @routes.get("")
    async def list_topics(
        caller: Annotated[Caller, Depends(reader)], stream: Annotated[str, Query(max_length=64)] = ""
    ) -> Listed[TopicResource]:
        """Return the topics, in the order in which recipients see them."""
        found: Any = await caller.run(topics.list_all, caller.tenant, stream)
        return Listed[TopicResource].model_validate(found)

    @routes.get("/{topic}")
    async def show_topic(
        topic: str, stream: Stream, response: Response, caller: Annotated[Caller, Depends(reader)]
    ) -> TopicResource:
        """Return one topic."""
        return tagged(TopicResource, await caller.run(topics.show, caller.tenant, stream, topic), response)

    @routes.patch("/{topic}")
    async def update_topic(
        topic: str, stream: Stream, body: TopicChange, response: Response, caller: Annotated[Caller, Depends(changer)]
    ) -> TopicResource:
        """Change how recipients read it."""
        changed = await caller.run(topics.update, caller.tenant, stream, topic, title=body.title, french=body.french)
        return tagged(TopicResource, changed, response)

    @routes.delete("/{topic}")
    async def remove_topic(topic: str, stream: Stream, caller: Annotated[Caller, Depends(creator)]) -> RemovedTopic:
        """Remove a topic; who left it stays away from one of the same name."""
        return RemovedTopic.model_validate(await caller.run(topics.remove, caller.tenant, stream, topic))

    return routes
