"""``/v3/smtp/templates``: stored templates, as far as they are the same thing there and here."""

import re
import unicodedata
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import Field

from estafette.store.interface.page import Page
from estafette.tenancy import templates
from estafette.tenancy.office import Office
from estafette.tenancy.template_text import SOURCE, SUBJECT, Written
from estafette.web.api.actor import Caller
from estafette.web.dialects.brevo.form import Form, From
from estafette.web.dialects.brevo.identifiers import template_name, template_number
from estafette.web.dialects.brevo.user import caller
from estafette.web.dialects.translation import refused
from estafette.web.services import Services

_MOST = 1000
_OTHER = re.compile(r"[^a-z0-9._-]+")
_LACKING = ("reply_to", "tag", "to_field", "attachment_url", "html_url")


class Change(Form):
    """What is to be other in a template. sender: comes with each message, and is not kept."""

    template_name: str | None = Field(default=None, min_length=1, max_length=255)
    subject: str | None = Field(default=None, max_length=SUBJECT)
    html_content: str | None = Field(default=None, max_length=SOURCE)
    is_active: bool | None = None
    sender: From | None = None
    reply_to: str | None = None
    tag: str | None = None
    to_field: str | None = None
    attachment_url: str | None = None
    html_url: str | None = None

    def written(self) -> Written:
        """Return the texts, in Brevo's language; Wrong for what a template of ours does not have."""
        for name, field in type(self).model_fields.items():
            if name in _LACKING and getattr(self, name):
                raise refused(str(field.alias), "a template has no such thing here", "say it in each message")
        return Written(subject=self.subject, html=self.html_content, syntax="brevo")


class NewTemplate(Change):
    """A template to add."""

    template_name: str = Field(min_length=1, max_length=255)
    subject: str = Field(max_length=SUBJECT)


class Preview(Form):
    """Values to look at a template with."""

    template_id: int = Field(ge=1, lt=1 << 63)
    params: dict[str, Any] | None = None
    email: str | None = None


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun."""
    _reading(routes, services)
    changer = Depends(caller(services, "templates"))

    @routes.post("/v3/smtp/templates", status_code=201)
    async def create(given: NewTemplate, called: Annotated[Caller, changer]) -> dict[str, int]:
        """Add a template, a draft unless it is active."""
        made: Any = await called.run(
            templates.create,
            called.tenant,
            slug(given.template_name),
            given.written(),
            publish_it=bool(given.is_active),
        )
        return {"id": template_number(made["name"], made["id"])}

    @routes.put("/v3/smtp/templates/{template}", status_code=204, response_class=Response)
    async def update(template: str, given: Change, called: Annotated[Caller, changer]) -> None:
        """Change a template; one that is active is sent with the change from now on."""
        await called.run(_update, called.tenant, _named(template), given)

    @routes.delete("/v3/smtp/templates/{template}", status_code=204, response_class=Response)
    async def remove(template: str, called: Annotated[Caller, changer]) -> None:
        """Remove a template, active or not; mail that waits keeps its texts."""
        await called.run(templates.remove, called.tenant, _named(template))

    @routes.post("/v3/smtp/templates/{template}/sendTest")
    async def test(template: str, called: Annotated[Caller, changer]) -> None:
        """Refuse: a template has no sender here, and there is no list of testers."""
        await called.run(templates.show, called.tenant, _named(template))
        raise refused("sendTest", "a template has no sender here", "send it: POST /v3/smtp/email with its templateId")


def _reading(routes: APIRouter, services: Services) -> None:
    reader = Depends(caller(services, "read"))

    @routes.get("/v3/smtp/templates")
    async def all_templates(
        called: Annotated[Caller, reader],
        active: Annotated[bool | None, Query(alias="templateStatus")] = None,
        limit: Annotated[int, Query(ge=1, le=_MOST)] = 50,
        offset: Annotated[int, Query(ge=0, le=_MOST)] = 0,
        sort: Annotated[Literal["asc", "desc"], Query()] = "desc",
    ) -> dict[str, Any]:
        """Return templates with their texts, newest first unless asked otherwise."""
        found = await called.run(_all, called.tenant, active)
        ordered = found if sort == "asc" else found[::-1]
        page = [await called.run(templates.show, called.tenant, each) for each in ordered[offset : offset + limit]]
        return {"count": len(found), "templates": [_shown(each) for each in page]}

    @routes.get("/v3/smtp/templates/{template}")
    async def one_template(template: str, called: Annotated[Caller, reader]) -> dict[str, Any]:
        """Return one template, by number or name."""
        found = await called.run(templates.show, called.tenant, _named(template))
        return _shown(found) | {"doiTemplate": False}

    @routes.post("/v3/smtp/template/preview")
    async def preview(given: Preview, called: Annotated[Caller, reader]) -> dict[str, Any]:
        """Return what a template becomes with values."""
        if given.email:
            raise refused("email", "no attributes of contacts are kept", "give the values in params")
        params = given.params or {}
        name = template_name(given.template_id)
        made = await called.run(templates.preview, called.tenant, name, {**params, "params": params})
        return {"html": made["html"], "subject": made["subject"], "previewText": "", "fromEmail": "", "fromName": ""}


def slug(name: str) -> str:
    """Return a name as templates have it here: ``Order confirmation`` is ``order-confirmation``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _OTHER.sub("-", plain).strip("-._")[:63]


def _named(template: str) -> str:
    return template_name(int(template)) if template.isdecimal() and 0 < int(template) < 1 << 63 else template


def _update(office: Office, tenant: str, name: str, given: Change) -> None:
    text, before = given.written(), templates.find(office, tenant, name)
    if before.published and given.is_active is False:
        raise refused("isActive", "what was published stays so", "remove the template")
    rename = slug(given.template_name) if given.template_name else ""
    templates.update(office, tenant, before.id, text, rename=rename)
    if given.is_active or (before.published and given.is_active is None):
        templates.publish(office, tenant, before.id)


def _all(office: Office, tenant: str, active: bool | None) -> list[str]:
    """Return the ids of templates, oldest first."""
    found: Any = templates.list_all(office, tenant, Page(limit=_MOST), kind="message")
    return [each["id"] for each in found["items"] if active is None or active == bool(each["published"])]


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": template_number(found["name"], found["id"]),
        "name": found["name"],
        "subject": found["content"]["subject"],
        "isActive": bool(found["published"]),
        "testSent": False,
        "sender": {"id": "", "name": "", "email": ""},
        "replyTo": "",
        "toField": "",
        "tag": "",
        "htmlContent": found["content"]["source"],
        "createdAt": found["created"],
        "modifiedAt": found["changed"],
        "customTemplateId": found["name"],
    }
