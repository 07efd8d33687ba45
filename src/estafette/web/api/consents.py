"""``/v1/consents``: who may be measured."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from estafette.store.interface.page import Page
from estafette.tenancy import consents
from estafette.tenancy.consents import METHOD_LENGTH, MOST, TEXT_LENGTH, Answer
from estafette.web.api.actor import Caller, May
from estafette.web.api.letters import Moment
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import Body, StrictRoute
from estafette.web.services import Services

Said = Literal["granted", "denied", "withdrawn"]
State = Literal["unknown", "granted", "denied", "withdrawn"]


class AnswerBody(Body):
    """What somebody said when asked whether they may be measured."""

    state: Said = Field(description="An unticked box is denied, not nothing; withdrawn is a refusal after a consent")
    method: str = Field(default="api", min_length=1, max_length=METHOD_LENGTH, examples=["form"])
    text: str = Field(default="", max_length=TEXT_LENGTH, description="What was shown, word for word")
    at: Moment | None = Field(default=None, description="When it was said, for what is told later; left out: now")

    def answer(self, address: str) -> Answer:
        """Return what an address said."""
        at = self.at.timestamp() if self.at else 0.0
        return Answer(address=address, state=self.state, at=at, method=self.method, text=self.text)


class NewConsent(AnswerBody):
    """The same with the address, which is not kept."""

    address: str = Field(min_length=3, max_length=320, examples=["bob@example.net"])


class NewConsents(Body):
    """Several answers: all are written down, or none."""

    consents: list[NewConsent] = Field(min_length=1, max_length=MOST)


class ConsentResource(BaseModel):
    """What holds for a person, who is a keyed hash here."""

    tenant: str
    person: str = Field(examples=["3f1d0c5a9be2476610aa3c57"])
    state: State
    at: str | None


class ConsentAct(BaseModel):
    """One answer, as the service wrote it down."""

    state: Said
    at: str
    recorded: str
    method: str
    by: str
    text: str


class ConsentProof(ConsentResource):
    """What holds, and every answer that led to it, oldest first."""

    history: list[ConsentAct]


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/consents", tags=["consents"], route_class=StrictRoute)
    reader = May(services, "read", tenant_needed=True)
    changer = May(services, "consents", tenant_needed=True)

    @routes.get("")
    async def list_consents(
        caller: Annotated[Caller, Depends(reader)],
        wanted: Annotated[Page, Depends(page)],
        state: Annotated[Said | None, Query()] = None,
    ) -> Listed[ConsentResource]:
        """Return those who said something, by their hash; addresses are not kept."""
        found: Any = await caller.run(consents.list_all, caller.tenant, page=wanted, state=state)
        return Listed[ConsentResource].model_validate(found)

    @routes.post("", status_code=201)
    async def record_consents(
        body: NewConsents, caller: Annotated[Caller, Depends(changer)]
    ) -> Listed[ConsentResource]:  # fmt: skip
        """Write up to 1,000 answers down; of each person the latest counts. Return the states in the same order."""
        answers = [each.answer(each.address) for each in body.consents]
        found: Any = await caller.run(consents.record_all, caller.tenant, answers)
        return Listed[ConsentResource].model_validate(found)

    @routes.get("/{address}")
    async def show_consent(address: str, caller: Annotated[Caller, Depends(reader)]) -> ConsentProof:
        """Return what holds for an address, with its proof; ``unknown`` when it never said anything."""
        return ConsentProof.model_validate(await caller.run(consents.show, caller.tenant, address))

    @routes.put("/{address}")
    async def record_consent(
        address: str, body: AnswerBody, caller: Annotated[Caller, Depends(changer)]
    ) -> ConsentProof:  # fmt: skip
        """Write one answer down; a refusal ends measuring within seconds, for mail already sent too."""
        told = await caller.run(consents.record, caller.tenant, body.answer(address))
        return ConsentProof.model_validate(told)

    return routes
