"""Stationery: the texts of stored templates, put into letters when they are accepted."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

import msgspec

from estafette.base.clock import Clock
from estafette.mail.templates.faults import TemplateFault
from estafette.model.letter import Letter
from estafette.model.template import Template, TemplateVersion, Variable, defaults
from estafette.relay.submission.wrong import wrong
from estafette.store.interface.templates import Templates
from estafette.tenancy.template_text import partials

#: Seconds after which it is looked up again what is published.
FRESH = 1.0
KEPT = 64


class Stored(msgspec.Struct, frozen=True):
    """A version as letters take it. parts: layouts and partials that it takes."""

    template: Template
    content: TemplateVersion
    parts: tuple[tuple[str, str], ...]
    variables: tuple[Variable, ...]
    defaults: dict[str, Any]


class Stationery:
    """Looks templates up, and keeps those of the last second."""

    def __init__(self, templates: Templates, clock: Clock) -> None:
        self._templates = templates
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str, int], tuple[float, Stored]] = OrderedDict()

    async def filled(self, tenant: str, letter: Letter) -> Letter:
        """Return a letter with the texts of its template, and values for what it does not give. Wrong.

        What the letter says itself wins over the template.
        """
        if not letter.template:
            return letter
        stored = await self._stored(tenant, letter.template, letter.version)
        content = stored.content
        return msgspec.structs.replace(
            letter,
            template=stored.template.name,
            subject=letter.subject or content.subject,
            text=letter.text or content.text,
            html=letter.html or content.html,
            data={**stored.defaults, **(letter.data or {})},
            parts=stored.parts,
            variables=stored.variables,
            version=content.number,
        )

    async def _stored(self, tenant: str, name: str, number: int) -> Stored:
        key, now = (tenant, name, number), self._clock.now()
        kept = self._kept.get(key)
        if kept is not None and kept[0] <= now < kept[0] + FRESH:
            return kept[1]
        found = await asyncio.to_thread(self._look_up, tenant, name, number)
        self._kept[key] = (now, found)
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found

    def _look_up(self, tenant: str, name: str, number: int) -> Stored:
        template = self._templates.find(tenant, name)
        if template is None or template.kind != "message":
            raise wrong("template_not_found", f"there is no template {name!r}", "see GET /v1/templates", "template")
        if not (number or template.published):
            fix = "publish a version, or name one in template_version"
            raise wrong("template_not_published", f"{template.name} has only drafts", fix, "template")
        content = self._templates.version(template.id, number or template.published)
        if content is None:
            fix = f"versions go from 1 to {template.latest}"
            raise wrong("template_not_found", f"{template.name} has no version {number}", fix, "template_version")
        texts = [("subject", content.subject), ("text", content.text), ("html", content.html)]
        try:
            taken = partials(self._templates, tenant, texts)
        except TemplateFault as fault:
            raise wrong(fault.code, f"{template.name}: {fault}", fault.fix, "template") from None
        return Stored(template, content, taken, content.declared, defaults(content.declared))
