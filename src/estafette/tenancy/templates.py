"""Templates of a tenant: saved as drafts, published, taken back, shown with sample values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, get_args

import msgspec

from estafette.mail.plain import plain
from estafette.mail.templates.engine import PARTS, Sheet, values_of
from estafette.mail.templates.faults import TemplateFault
from estafette.mail.templates.fitting import fit
from estafette.model.template import Template, TemplateKind, TemplateVersion, defaults
from estafette.store.interface.page import FIRST, Page
from estafette.store.interface.records import AlreadyThere
from estafette.tenancy import features
from estafette.tenancy.office import NotFound, Office, Resource, listing, moment, new_id
from estafette.tenancy.template_text import BadTemplate, Written, bad, checked, closure, written

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_REMEMBERED = 20


def create(
    office: Office, tenant: str, name: str, text: Written, *, kind: TemplateKind = "message", publish_it: bool = False
) -> Resource:
    """Add a template with its first version, a draft unless published at once. AlreadyThere, NotInPlan, Fault."""
    account = office.tenant(tenant)
    owner = account.id
    if kind not in get_args(TemplateKind):
        raise bad("kind", f"{kind!r} is no kind of template", "choose message or part")
    features.room(office, account, "templates", "name", partial(office.control.templates.page, tenant=owner))
    now = office.now()
    made = Template(
        id=new_id(), tenant=owner, name=_named(name), kind=kind, latest=1, published=int(publish_it),
        created=now, changed=now,
    )  # fmt: skip
    version = _version(office, made, TemplateVersion(template=made.id, number=1), text)
    entry = office.entry("template.create", tenant=owner, subject=made.name, after=made)
    try:
        office.control.templates.add(made, version, entry)
    except AlreadyThere:
        raise AlreadyThere(f"there is a template {name} already") from None
    return show(office, owner, made.id)


def list_all(office: Office, tenant: str, page: Page = FIRST, *, kind: TemplateKind | None = None) -> Resource:
    """Return a page of a tenant's templates, without their texts."""
    found = office.control.templates.page(page, tenant=office.tenant(tenant).id, kind=kind)
    return listing([_told(each) for each in found.items], found.next)


def show(office: Office, tenant: str, name: str, number: int = 0) -> Resource:
    """Return a template with the texts of a version; 0 = the newest. NotFound."""
    found = find(office, tenant, name)
    return {**_told(found), "content": _content(version_of(office, found, number or found.latest))}


def versions(office: Office, tenant: str, name: str, page: Page = FIRST) -> Resource:
    """Return a page of the versions of a template, oldest first, without their texts. NotFound."""
    template = find(office, tenant, name)
    found = office.control.templates.versions(page, template=template.id)
    return listing([_brief(template, each) for each in found.items], found.next)


def update(office: Office, tenant: str, name: str, text: Written, *, rename: str = "") -> Resource:
    """Save a new version, a draft, with what is given; the rest is as in the newest. NotFound, Stale, Fault."""
    before = find(office, tenant, name)
    office.seen(before.version)
    version = None
    after = msgspec.structs.replace(before, name=_named(rename or before.name), changed=office.now())
    if text != Written(syntax=text.syntax):
        newest = version_of(office, before, before.latest)
        version = _version(office, before, msgspec.structs.replace(newest, number=before.latest + 1), text)
        after = msgspec.structs.replace(after, latest=version.number)
    return _changed(office, "template.update", before, after, version)


def publish(office: Office, tenant: str, name: str, number: int = 0) -> Resource:
    """Make a version the one that is sent; 0 = the newest. What was accepted keeps its own. NotFound, Stale."""
    before = find(office, tenant, name)
    office.seen(before.version)
    version = version_of(office, before, number or before.latest)
    checked(office, before, version)
    past = (*before.history, before.published)[-_REMEMBERED:] if before.published else before.history
    after = msgspec.structs.replace(before, published=version.number, history=past, changed=office.now())
    return _changed(office, "template.publish", before, after)


def rollback(office: Office, tenant: str, name: str) -> Resource:
    """Publish again what was published before. NotFound, Stale; Fault when there is nothing."""
    before = find(office, tenant, name)
    office.seen(before.version)
    if not before.history:
        raise bad("version", "nothing was published before", "publish the version that is wanted", "nothing_before")
    past, last = before.history[:-1], before.history[-1]
    after = msgspec.structs.replace(before, published=last, history=past, changed=office.now())
    return _changed(office, "template.rollback", before, after)


def preview(office: Office, tenant: str, name: str, data: Mapping[str, Any] | None = None, number: int = 0) -> Resource:
    """Return what a version becomes with values, else with its sample. NotFound; BadTemplate names what is missing."""
    template = find(office, tenant, name)
    version = version_of(office, template, number or template.latest)
    sheet, values = _sheet(office, template, version), version.sample if data is None else data
    shown = values_of(defaults(version.declared), values)
    try:
        fit(version.declared, values)
        made = {part: sheet.render(part, shown) for part in PARTS}
    except TemplateFault as fault:
        raise BadTemplate(fault) from None
    made["subject"] = " ".join(made["subject"].split())
    made["text"] = made["text"] or plain(made["html"])
    return {"template": template.id, "number": version.number, **made}


def remove(office: Office, tenant: str, name: str) -> Resource:
    """Remove a template with its versions; mail that waits keeps its texts. NotFound, Stale."""
    template = find(office, tenant, name)
    office.seen(template.version)
    entry = office.entry("template.remove", tenant=template.tenant, subject=template.name, before=template)
    office.control.templates.remove(template, entry)
    return {"id": template.id, "tenant": template.tenant, "name": template.name, "removed": True}


def find(office: Office, tenant: str, name: str) -> Template:
    """Return a template of a tenant by id or name; NotFound."""
    found = office.control.templates.find(office.tenant(tenant).id, name)
    if found is None:
        raise NotFound(f"there is no template {name[:64]!r}", place="template", fix="see `estafette template list`")
    return found


def version_of(office: Office, template: Template, number: int) -> TemplateVersion:
    """Return a version of a template; NotFound."""
    found = office.control.templates.version(template.id, number)
    if found is None:
        fix = f"versions go from 1 to {template.latest}"
        raise NotFound(f"template {template.name} has no version {number}", place="version", fix=fix)
    return found


def _sheet(office: Office, template: Template, version: TemplateVersion) -> Sheet:
    try:
        return Sheet(closure(office.control.templates, template.tenant, version))
    except TemplateFault as fault:
        raise BadTemplate(fault) from None


def _version(office: Office, template: Template, base: TemplateVersion, text: Written) -> TemplateVersion:
    made = msgspec.structs.replace(written(base, text), by=office.who.label[:255], created=office.now())
    checked(office, template, made)
    return made


def _changed(
    office: Office, act: str, before: Template, after: Template, version: TemplateVersion | None = None
) -> Resource:
    entry = office.entry(act, tenant=before.tenant, subject=before.name, before=before, after=after)
    try:
        office.control.templates.change(after, version, entry)
    except AlreadyThere:
        raise AlreadyThere(f"there is a template {after.name} already") from None
    return show(office, before.tenant, before.id)


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise bad("name", f"{name[:64]!r} is no name for a template", "use 1 to 63 of a-z, 0-9, point, hyphen, _")
    return name


def _told(template: Template) -> Resource:
    return {
        "id": template.id,
        "tenant": template.tenant,
        "name": template.name,
        "kind": template.kind,
        "published": template.published or None,
        "latest": template.latest,
        "draft": template.latest != template.published,
        "created": moment(template.created),
        "changed": moment(template.changed),
        "version": template.version,
    }


def _brief(template: Template, version: TemplateVersion) -> Resource:
    return {
        "number": version.number,
        "published": version.number == template.published,
        "language": version.language,
        "subject": version.subject,
        "by": version.by,
        "created": moment(version.created),
    }


def _content(version: TemplateVersion) -> Resource:
    variables: Sequence[dict[str, Any]] = [msgspec.to_builtins(each) for each in version.declared]
    return {
        "number": version.number,
        "subject": version.subject,
        "text": version.text,
        "html": version.html,
        "source": version.source,
        "language": version.language,
        "variables": list(variables),
        "sample": version.sample,
        "by": version.by,
        "created": moment(version.created),
    }
