"""``/v1/templates``: texts with places for values, kept in versions of which one is published."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from estafette.model.letter import Letter
from estafette.model.template import Variable
from estafette.store.interface.page import Page
from estafette.tenancy import templates
from estafette.tenancy.template_text import SAMPLE, SOURCE, SUBJECT, VARIABLES, Written
from estafette.web.api.actor import Caller, May
from estafette.web.api.etag import tagged
from estafette.web.api.letters import MailboxLike, answer, mailbox
from estafette.web.api.paging import Listed, page
from estafette.web.api.strict import Body, StrictRequest, StrictRoute
from estafette.web.guard import client_of
from estafette.web.problems import Problem, of_trouble
from estafette.web.services import Services

Kind = Literal["message", "part"]
Language = Literal["html", "mjml"]
Syntax = Literal["estafette", "mailjet", "brevo", "postmark"]
Number = Annotated[int, Field(ge=0, lt=1 << 31)]


class TemplateRequest(StrictRequest):
    """A request with the texts of a template."""

    most = 4 * SOURCE + 2 * SAMPLE


class TemplateRoute(StrictRoute):
    """A route that reads ``TemplateRequest``."""

    request_class = TemplateRequest


class VariableBody(Body):
    """A value that the template expects."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    type: Literal["any", "string", "number", "integer", "boolean", "list", "object"] = "any"
    required: bool = Field(default=False, description="A letter without it is refused")
    default: Any = Field(default=None, description="What stands for it when it is not given; null = empty")


class TemplateChange(Body):
    """What a new version says; what is left out stays as in the newest."""

    subject: str | None = Field(default=None, max_length=SUBJECT)
    text: str | None = Field(default=None, max_length=SOURCE, description="Empty: made from the HTML")
    html: str | None = Field(default=None, max_length=SOURCE, description="HTML or MJML, as language says")
    language: Language | None = None
    inline_css: bool = Field(default=True, description="Style sheets become style attributes when this is saved")
    syntax: Syntax = Field(
        default="estafette", description="Whose template language the texts are in; they are kept in ours"
    )
    variables: list[VariableBody] | None = Field(default=None, max_length=VARIABLES)
    sample: dict[str, Any] | None = Field(default=None, description="Values for previews")
    name: str | None = Field(default=None, min_length=1, max_length=63, description="A new name")

    def written(self) -> Written:
        """Return what was given, as the service wants it."""
        declared = None
        if self.variables is not None:
            declared = tuple(Variable(**each.model_dump()) for each in self.variables)
        return Written(
            subject=self.subject, text=self.text, html=self.html, language=self.language, inline_css=self.inline_css,
            variables=declared, sample=self.sample, syntax=self.syntax,
        )  # fmt: skip


class NewTemplate(TemplateChange):
    """A template to add."""

    name: str = Field(min_length=1, max_length=63, examples=["order-confirmation"])
    kind: Kind = Field(default="message", description="part: a layout or partial, included by name")
    publish: bool = Field(default=False, description="Publish it at once")


class VersionBody(Body):
    """Which version."""

    number: Number = Field(default=0, description="0 is the newest")


class PreviewBody(VersionBody):
    """Values to look at a version with."""

    data: dict[str, Any] | None = Field(default=None, description="Left out: the sample of the version")


class TestBody(PreviewBody):
    """A test letter. A caller that is no credential names one, which sends it."""

    from_: MailboxLike = Field(alias="from")
    to: MailboxLike
    credential: str = Field(default="", max_length=64)


class TemplateResource(BaseModel):
    """A template."""

    id: str
    tenant: str
    name: str
    kind: Kind
    published: int | None = Field(description="Number of the version that is sent")
    latest: int
    draft: bool = Field(description="The newest version is not the published one")
    created: str | None
    changed: str | None
    version: int


class VersionResource(BaseModel):
    """A version without its texts."""

    number: int
    published: bool
    language: Language
    subject: str
    by: str
    created: str | None


class Content(BaseModel):
    """What a version says. source: as it was written; html: as it is sent."""

    number: int
    subject: str
    text: str
    html: str
    source: str
    language: Language
    variables: list[VariableBody]
    sample: dict[str, Any]
    by: str
    created: str | None


class TemplateDetail(TemplateResource):
    """A template with the texts of one version."""

    content: Content


class Preview(BaseModel):
    """What a version becomes."""

    template: str
    number: int
    subject: str
    text: str
    html: str


class RemovedTemplate(BaseModel):
    """A template that is no more."""

    id: str
    tenant: str
    name: str
    removed: bool


def router(services: Services) -> APIRouter:
    """Return the routes of the resource."""
    routes = APIRouter(prefix="/templates", tags=["templates"], route_class=TemplateRoute)
    _reading(routes, services)
    _changing(routes, services)
    _testing(routes, services)
    return routes


def _reading(routes: APIRouter, services: Services) -> None:
    reader = May(services, "read", tenant_needed=True)

    @routes.get("")
    async def list_templates(
        wanted: Annotated[Page, Depends(page)],
        caller: Annotated[Caller, Depends(reader)],
        kind: Annotated[Kind | None, Query()] = None,
    ) -> Listed[TemplateResource]:
        """Return the templates, oldest first, without their texts."""
        found: Any = await caller.run(templates.list_all, caller.tenant, wanted, kind=kind)
        return Listed[TemplateResource].model_validate(found)

    @routes.get("/{template}")
    async def show_template(
        template: str,
        response: Response,
        caller: Annotated[Caller, Depends(reader)],
        number: Annotated[int, Query(ge=0, lt=1 << 31, description="Whose texts; 0 is the newest")] = 0,
    ) -> TemplateDetail:
        """Return a template, by id or name, with the texts of a version."""
        return tagged(TemplateDetail, await caller.run(templates.show, caller.tenant, template, number), response)

    @routes.get("/{template}/versions")
    async def list_versions(
        template: str, wanted: Annotated[Page, Depends(page)], caller: Annotated[Caller, Depends(reader)]
    ) -> Listed[VersionResource]:
        """Return the versions of a template, oldest first, without their texts."""
        found: Any = await caller.run(templates.versions, caller.tenant, template, wanted)
        return Listed[VersionResource].model_validate(found)


def _changing(routes: APIRouter, services: Services) -> None:
    creator = May(services, "templates", tenant_needed=True)
    changer = May(services, "templates", tenant_needed=True, strict=True)

    @routes.post("", status_code=201)
    async def create_template(
        body: NewTemplate, response: Response, caller: Annotated[Caller, Depends(creator)]
    ) -> TemplateDetail:
        """Add a template with its first version."""
        made = await caller.run(
            templates.create, caller.tenant, body.name, body.written(), kind=body.kind, publish_it=body.publish
        )
        return tagged(TemplateDetail, made, response)

    @routes.patch("/{template}")
    async def update_template(
        template: str, body: TemplateChange, response: Response, caller: Annotated[Caller, Depends(changer)]
    ) -> TemplateDetail:
        """Save a new version, a draft; what is published stays so."""
        changed = await caller.run(templates.update, caller.tenant, template, body.written(), rename=body.name or "")
        return tagged(TemplateDetail, changed, response)

    @routes.post("/{template}/publish")
    async def publish_template(
        template: str, body: VersionBody, response: Response, caller: Annotated[Caller, Depends(creator)]
    ) -> TemplateDetail:
        """Make a version the one that is sent; mail that waits keeps its own."""
        return tagged(
            TemplateDetail, await caller.run(templates.publish, caller.tenant, template, body.number), response
        )

    @routes.post("/{template}/rollback")
    async def rollback_template(
        template: str, response: Response, caller: Annotated[Caller, Depends(creator)]
    ) -> TemplateDetail:
        """Publish again what was published before."""
        return tagged(TemplateDetail, await caller.run(templates.rollback, caller.tenant, template), response)

    @routes.delete("/{template}")
    async def remove_template(template: str, caller: Annotated[Caller, Depends(creator)]) -> RemovedTemplate:
        """Remove a template with its versions; mail that waits keeps its texts."""
        return RemovedTemplate.model_validate(await caller.run(templates.remove, caller.tenant, template))


def _testing(routes: APIRouter, services: Services) -> None:
    reader = May(services, "read", tenant_needed=True)
    sender = May(services, "send", tenant_needed=True)

    @routes.post("/{template}/preview")
    async def preview_template(template: str, body: PreviewBody, caller: Annotated[Caller, Depends(reader)]) -> Preview:
        """Return what a version becomes with values; nothing is sent."""
        made = await caller.run(templates.preview, caller.tenant, template, body.data, body.number)
        return Preview.model_validate(made)

    @routes.post("/{template}/test", status_code=202)
    async def test_template(
        template: str, body: TestBody, request: Request, caller: Annotated[Caller, Depends(sender)]
    ) -> dict[str, Any]:
        """Send a version, published or not, to one address."""
        identity = caller.identity or services.directory.by_credential(body.credential)
        if identity is None or identity.tenant != caller.tenant:
            fix = "name a credential of the tenant, or call with its api_key"
            raise Problem(422, "credential_needed", "a letter is sent by a credential", fix, field="credential")
        shown: Any = await caller.run(templates.show, caller.tenant, template, body.number)
        data = shown["content"]["sample"] if body.data is None else body.data
        letter = Letter(
            sender=mailbox(body.from_), to=(mailbox(body.to),), template=shown["id"],
            version=shown["content"]["number"], data=data, tags=("template-test",),
        )  # fmt: skip
        client = client_of(request) or "127.0.0.1"
        result = (await services.posting.post(identity, [letter], client=client))[0]
        if result.trouble is not None:
            raise of_trouble(result.trouble)
        return answer(result)
