"""Templates: texts with places for values, kept in versions of which one is published."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

TemplateKind = Literal["message", "part"]
Language = Literal["html", "mjml"]
#: Whose template language a text is written in.
Syntax = Literal["estafette", "mailjet", "brevo", "postmark"]
VariableType = Literal["any", "string", "number", "integer", "boolean", "list", "object"]

_EMPTY: dict[str, Any] = {
    "any": "", "string": "", "number": 0, "integer": 0, "boolean": False, "list": [], "object": {}
}  # fmt: skip
_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,), "number": (int, float), "integer": (int,), "boolean": (bool,), "list": (list, tuple),
    "object": (dict,),
}  # fmt: skip


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """A value that a template expects. default: what it is when it is not given, None = empty, of its type."""

    name: str
    type: VariableType = "any"
    required: bool = False
    default: Any = None

    def fits(self, value: Any) -> bool:
        """Return whether a value is of the type."""
        if self.type == "any":
            return True
        if isinstance(value, bool) and self.type != "boolean":
            return False
        return isinstance(value, _KINDS[self.type])

    @property
    def fallback(self) -> Any:
        """Return what stands for a value that is not given."""
        return _EMPTY[self.type] if self.default is None else self.default


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A template of a tenant. kind ``part``: a layout or partial, included by name and never sent alone.

    published: number of the version that is sent, 0 = none yet. latest: the newest version, a draft unless published.
    history: versions published before, oldest first.
    """

    id: str
    tenant: str
    name: str
    kind: TemplateKind = "message"
    published: int = 0
    latest: int = 0
    history: tuple[int, ...] = ()
    created: float = 0.0
    changed: float = 0.0
    version: int = 0


class TemplateVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What a template said at one time; never changes. source: the HTML or MJML as written; html: as it is sent.

    variables: ``Variable`` each, as JSON. sample: values for previews. by: who saved it.
    """

    template: str
    number: int
    subject: str = ""
    text: str = ""
    html: str = ""
    source: str = ""
    language: Language = "html"
    variables: tuple[dict[str, Any], ...] = ()
    sample: dict[str, Any] = {}
    by: str = ""
    created: float = 0.0

    @property
    def declared(self) -> tuple[Variable, ...]:
        """Return the values that it expects."""
        return msgspec.convert(self.variables, tuple[Variable, ...])


def defaults(variables: tuple[Variable, ...]) -> dict[str, Any]:
    """Return what stands for values that are not given."""
    return {each.name: each.fallback for each in variables if not each.required}
