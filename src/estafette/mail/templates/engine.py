"""The one door to minijinja: sources compiled once, values in, text out; bounded in time, depth and memory.

No clock, no chance, no file: the same sources and values give the same octets in every process. A name without a value
is an error that says which. What a name means is HTML-escaped in ``html`` and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from minijinja import Environment, TemplateError

from estafette.mail.templates.dialect import examine
from estafette.mail.templates.faults import MissingValue, TemplateFault
from estafette.mail.templates.values import shown

#: Steps of one part; about a hundred thousand places, or ten milliseconds.
FUEL = 200_000
#: Characters of one rendered part.
MOST = 4_000_000
#: Octets of one source.
SOURCE = 512 * 1024
PARTS = ("subject", "text", "html")
_UNDEFINED = re.compile(r"`([^`\n]{1,200})` is undefined")
#: What would tell of the process, or build values that hold themselves.
_WITHOUT = ("debug", "namespace", "dict")
_FILTERS = ("zip", "chain", "batch", "slice", "groupby", "pprint")
_CODES = {
    "OutOfFuel": ("template_limit", "takes more steps than a template may", "shorten its loops"),
    "SyntaxError": ("template_syntax", "", "correct the template"),
    "TemplateNotFound": ("template_not_found", "", "create and publish it, or correct its name"),
    "UnknownFilter": ("template_syntax", "", "see the reference of the language for filters"),
    "UnknownTest": ("template_syntax", "", "see the reference of the language for tests"),
    "UnknownFunction": ("template_syntax", "", "see the reference of the language for functions"),
}
#: What minijinja lets through of our own values.
_ERRORS = (TemplateError, AttributeError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError)


class Sheet:
    """Compiled parts of one message; several threads may render it.

    sources: ``subject``, ``text`` and ``html``, empty ones left out, and layouts and partials as ``html/NAME`` and
    ``text/NAME``. TemplateFault.
    """

    def __init__(self, sources: Iterable[tuple[str, str]]) -> None:
        self._environment = _environment()
        self._parts: set[str] = set()
        for place, source in sources:
            if len(source) > SOURCE:
                raise TemplateFault("template_limit", f"has more than {SOURCE} characters", part=place)
            examine(source, place)
            name = place if "/" in place else f"{_kind(place)}/:{place}"
            try:
                self._environment.add_template(name, source)
            except _ERRORS as error:
                raise _fault(error, place) from None
            self._parts.add(place)

    def render(self, part: str, values: Mapping[str, Any]) -> str:
        """Return a part with its values, "" when there is no such part. MissingValue, TemplateFault.

        values: as ``values.shown`` returns them.
        """
        if part not in self._parts:
            return ""
        try:
            text = self._environment.render_template(f"{_kind(part)}/:{part}", **values)
        except _ERRORS as error:
            raise _fault(error, part) from None
        if len(text) > MOST:
            raise TemplateFault("template_limit", f"becomes more than {MOST} characters", part=part)
        return text

    def names(self, part: str) -> set[str]:
        """Return the values that a part names, as far as can be seen without any."""
        if part not in self._parts:
            return set()
        return self._environment.undeclared_variables_in_template(f"{_kind(part)}/:{part}")


@lru_cache(maxsize=64)
def compiled(sources: tuple[tuple[str, str], ...]) -> Sheet:
    """Return the compiled form of sources; many messages have the same."""
    return Sheet(sources)


def values_of(*layers: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return values as templates see them; what stands later wins."""
    merged: dict[str, Any] = {}
    for layer in layers:
        merged.update(layer)
    return {name: shown(value) for name, value in merged.items()}


def _kind(place: str) -> str:
    return "html" if place == "html" or place.startswith("html/") else "text"


def _environment() -> Environment:
    environment = Environment(
        fuel=FUEL,
        undefined_behavior="strict",
        keep_trailing_newline=True,
        auto_escape_callback=_escapes,
        path_join_callback=_beside,
        pycompat=False,
    )
    for name in _WITHOUT:
        environment.remove_global(name)
    for name in _FILTERS:
        environment.remove_filter(name)
    return environment


def _escapes(name: str) -> bool:
    return name.startswith("html/")


def _beside(name: str, parent: str) -> str:
    """Find layouts and partials in the same form: HTML includes HTML."""
    return f"{parent.partition('/')[0]}/{name}"


def _fault(error: Exception, part: str) -> TemplateFault:
    """Tell what went wrong without the values, which minijinja's own text has."""
    line = getattr(error, "line", None) or 0
    told = str(error)
    missing = _UNDEFINED.findall(told)
    if missing:
        return MissingValue(missing[-1], part=part, line=line)
    kind = getattr(error, "kind", "")
    if kind == "UndefinedError":
        return MissingValue("", part=part, line=line)
    if "out of fuel" in told or "recursion" in told:
        kind = "OutOfFuel"
    code, detail, fix = _CODES.get(kind, ("template_error", "", "correct the template, or the values"))
    found = detail or getattr(error, "detail", None) or "cannot be rendered with these values"
    return TemplateFault(code, str(found)[:200], part=part, line=line, fix=fix)
