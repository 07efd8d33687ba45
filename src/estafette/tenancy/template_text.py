"""What a version says: from what was written to what is sent, checked before it is saved."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from estafette.base.errors import Fault
from estafette.mail.templates.dialect import named
from estafette.mail.templates.engine import PARTS, Sheet, values_of
from estafette.mail.templates.faults import TemplateFault
from estafette.mail.templates.fitting import fit
from estafette.mail.templates.foreign import brevo, mailjet, postmark
from estafette.mail.templates.inlining import compile_mjml, inline
from estafette.model.template import Language, Syntax, Template, TemplateVersion, Variable, defaults
from estafette.store.interface.templates import Templates
from estafette.tenancy.office import Office

#: Characters of a source as it is written, of a sample as JSON, and of a subject.
SOURCE = 500_000
SAMPLE = 100_000
SUBJECT = 2_000
VARIABLES = 200
#: Layouts and partials of one message.
PARTIALS = 50
_FOREIGN: Mapping[str, Callable[[str, str], str]] = MappingProxyType({
    "mailjet": mailjet.translate, "brevo": brevo.translate, "postmark": postmark.translate
})  # fmt: skip
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class BadTemplate(Fault):
    """A template that cannot be saved or shown."""

    code = "invalid"

    def __init__(self, fault: TemplateFault) -> None:
        super().__init__(str(fault), place=fault.part, fix=fault.fix)
        self.code = fault.code


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller says of a version; None leaves it as it was. html: HTML or MJML, as ``language`` says.

    inline_css: whether style sheets become style attributes. syntax: whose template language the texts are in; they are
    kept in ours.
    """

    subject: str | None = None
    text: str | None = None
    html: str | None = None
    language: Language | None = None
    inline_css: bool = True
    syntax: Syntax = "estafette"
    variables: tuple[Variable, ...] | None = None
    sample: Mapping[str, Any] | None = None


def bad(field: str, cause: str, fix: str, code: str = "invalid_template") -> BadTemplate:
    """Return the fault of a field."""
    fault = BadTemplate(TemplateFault(code, cause, fix=fix))
    fault.place = field
    return fault


def written(base: TemplateVersion, text: Written) -> TemplateVersion:
    """Return a version as it was written, compiled to what is sent. BadTemplate."""
    text = _ours(text)
    language, source = text.language or base.language, base.source if text.html is None else text.html
    subject = base.subject if text.subject is None else text.subject
    if len(source) > SOURCE or len(text.text or "") > SOURCE or len(subject) > SUBJECT:
        raise bad("html", f"at most {SOURCE} characters, and {SUBJECT} of the subject", "shorten it", "template_limit")
    html = base.html
    if text.html is not None or language != base.language:
        html = _sent(source, language, inline_css=text.inline_css)
    return msgspec.structs.replace(
        base, subject=subject, text=base.text if text.text is None else text.text, html=html, source=source,
        language=language,
        variables=base.variables if text.variables is None else _variables(text.variables),
        sample=base.sample if text.sample is None else _sample(text.sample),
    )  # fmt: skip


def _ours(text: Written) -> Written:
    """Return texts of another service in our language, so that all that follows knows only ours."""
    translate = _FOREIGN.get(text.syntax)
    if translate is None:
        return text
    given = {part: source for part in PARTS if (source := getattr(text, part))}
    if any(len(source) > SOURCE for source in given.values()):
        raise bad("html", f"at most {SOURCE} characters", "shorten it", "template_limit")
    try:
        ours = {part: translate(source, part) for part, source in given.items()}
    except TemplateFault as fault:
        raise BadTemplate(fault) from None
    return msgspec.structs.replace(text, syntax="estafette", **ours)


def _sent(source: str, language: Language, *, inline_css: bool) -> str:
    try:
        html = compile_mjml(source) if language == "mjml" and source.strip() else source
        return inline(html) if inline_css else html
    except TemplateFault as fault:
        raise BadTemplate(fault) from None


def _variables(given: tuple[Variable, ...]) -> tuple[dict[str, Any], ...]:
    if len(given) > VARIABLES:
        raise bad("variables", f"at most {VARIABLES}", "declare fewer, or use objects")
    names: set[str] = set()
    for each in given:
        if not _VARIABLE.fullmatch(each.name) or each.name in names:
            raise bad("variables", f"{each.name[:64]!r} is no name, or stands twice", "use letters, digits and _")
        if each.default is not None and not each.fits(each.default):
            raise bad(f"variables.{each.name}", f"the default is no {each.type}", "correct default or type")
        names.add(each.name)
    return tuple(msgspec.to_builtins(each) for each in given)


def _sample(given: Mapping[str, Any]) -> dict[str, Any]:
    if len(msgspec.json.encode(given)) > SAMPLE:
        raise bad("sample", f"at most {SAMPLE} octets", "shorten it", "template_limit")
    return dict(given)


def checked(office: Office, template: Template, version: TemplateVersion) -> None:
    """Raise BadTemplate when a version does not compile, or cannot be rendered with the sample that it has."""
    if template.kind == "message" and not version.text and not version.html:
        raise bad("html", "neither text nor html was given", "give text, html or both", "empty_message")
    try:
        sheet = Sheet(closure(office.control.templates, template.tenant, version))
        if version.sample:
            values = values_of(defaults(version.declared), version.sample)
            fit(version.declared, version.sample)
            for part in PARTS:
                sheet.render(part, values)
    except TemplateFault as fault:
        raise BadTemplate(fault) from None


def closure(templates: Templates, tenant: str, version: TemplateVersion) -> tuple[tuple[str, str], ...]:
    """Return the sources of a version with the layouts and partials that they take, as published. TemplateFault."""
    own = [(part, getattr(version, part)) for part in PARTS]
    return (*((part, source) for part, source in own if source), *partials(templates, tenant, own))


def partials(templates: Templates, tenant: str, own: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return ``html/NAME`` and ``text/NAME`` for what sources take, and what that takes in turn. TemplateFault."""
    found: dict[str, str] = {}
    wanted = _wanted(own)
    while wanted:
        if len(found) + len(wanted) > PARTIALS:
            raise TemplateFault("template_limit", f"takes more than {PARTIALS} layouts and partials")
        names = sorted({place.partition("/")[2] for place in wanted})
        held = dict(templates.parts(tenant, names))
        for place in wanted:
            form, _, name = place.partition("/")
            if name not in held:
                fix = f"create {name} of kind part and publish it, or correct the name"
                raise TemplateFault("template_not_found", f"takes {name}, which is not published", fix=fix)
            found[place] = held[name].html if form == "html" else held[name].text
        wanted = [place for place in _wanted([(each, found[each]) for each in wanted]) if place not in found]
    return tuple(sorted(found.items()))


def _wanted(sources: list[tuple[str, str]]) -> list[str]:
    """Return the places of what sources take; HTML takes HTML."""
    forms = ((part, "html" if part.startswith("html") else "text", source) for part, source in sources)
    return list(dict.fromkeys(f"{form}/{name}" for _, form, source in forms for name in named(source)))
