"""``/v1/operators``: the people who run the service; ``/v1/service``: what it offers."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from estafette import __version__
from estafette.tenancy import operators
from estafette.web.api.actor import ANYONE, Caller, May
from estafette.web.api.paging import Listed
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services


class NewOperator(Body):
    """An operator to make."""

    name: str = Field(min_length=1, max_length=255, examples=["maria"])


class OperatorResource(BaseModel):
    """An operator, without secrets."""

    id: str
    name: str
    created: str | None


class MadeOperator(BaseModel):
    """An operator with secrets, which are shown this once."""

    operator: str
    password: str
    api_key: str


class Offer(BaseModel):
    """What to write into a mail client, and what this service is."""

    version: str
    hostname: str
    return_path: str
    submission: list[int] = Field(description="Ports with STARTTLS", examples=[[587]])
    submissions: list[int] = Field(description="Ports with TLS from the start", examples=[[465]])
    message_size: int = Field(description="Octets")
    recipients: int = Field(description="Of one message")


def router(services: Services) -> APIRouter:
    """Return the routes of the resources."""
    routes = APIRouter(tags=["service"], route_class=StrictRoute)
    runs, mine = May(services, "operators"), May(services, ANYONE)

    @routes.post("/operators", status_code=201)
    async def create_operator(body: NewOperator, caller: Annotated[Caller, Depends(runs)]) -> MadeOperator:
        """Make an operator; password and API key are in this answer and nowhere else."""
        return MadeOperator.model_validate(await caller.run(operators.create, body.name))

    @routes.get("/operators")
    async def list_operators(caller: Annotated[Caller, Depends(runs)]) -> Listed[OperatorResource]:
        """Return every operator, oldest first."""
        found: Any = await caller.run(operators.list_all)
        return Listed[OperatorResource].model_validate(found)

    @routes.get("/service")
    async def show_service(_caller: Annotated[Caller, Depends(mine)]) -> Offer:
        """Return host, ports and limits of the service."""
        settings = services.settings
        return Offer(
            version=__version__,
            hostname=settings.service.hostname,
            return_path=settings.service.return_path,
            submission=sorted({port for _, port in settings.listen.submission}),
            submissions=sorted({port for _, port in settings.listen.submissions}),
            message_size=settings.limits.message_size,
            recipients=settings.limits.recipients,
        )

    return routes
