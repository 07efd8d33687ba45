"""Filters of Django that Brevo's templates use, and what they are in our language."""

from __future__ import annotations

from types import MappingProxyType

from estafette.mail.templates.foreign.arithmetic import Written
from estafette.mail.templates.foreign.words import Words

#: Without a value -> ours.
_ALONE = MappingProxyType({
    "upper": "upper", "lower": "lower", "title": "title", "length": "length", "first": "first", "last": "last",
    "safe": "safe", "escape": "escape", "force_escape": "escape", "striptags": "striptags", "urlencode": "urlencode",
})  # fmt: skip
_MOST = 10_000


def filtered(words: Words, found: Written, name: str, given: Written | None) -> Written:
    """Return a value through a filter. given: what stands behind its colon. TemplateFault names a filter we lack."""
    text = found.closed
    if given is None and name in _ALONE:
        return _made(words, f"{text}|{_ALONE[name]}")
    if given is None and name == "capfirst":
        return Written(words.short(f"({text}|string)[:1]|upper ~ ({text}|string)[1:]"), "other")
    if given is None and name == "linebreaksbr":
        return _made(words, f'{text}|escape|replace("\\n", "<br>"|safe)')
    if given is None:
        words.lack(f"the filter {name}", "compute it before, and give it in params")
    return _with(words, found, name, given)


def _with(words: Words, found: Written, name: str, given: Written) -> Written:
    text = found.closed
    if name == "default":
        return _made(words, f"{text}|default({given.text}, true)")
    if name == "default_if_none":
        return Written(words.short(f"{given.closed} if {text} is none else {text}"), "other")
    if name == "join":
        return _made(words, f"{text}|join({given.text})")
    if name == "cut":
        return _made(words, f'{text}|string|replace({given.text}, "")')
    if name == "add":
        return Written(words.short(f"{text}|int + {given.closed}|int"), "other")
    if name in {"truncatechars", "floatformat", "divisibleby"}:
        return _numbered(words, text, name, given)
    return words.lack(f"the filter {name}", "compute it before, and give it in params")


def _numbered(words: Words, text: str, name: str, given: Written) -> Written:
    number = int(given.text) if given.kind == "number" and given.text.isdecimal() else -1
    if not 0 < number <= _MOST or (name == "floatformat" and number > 9):
        words.lack(f"the filter {name} with {given.text[:20]}", "give it a positive number")
    if name == "truncatechars":
        return _made(words, f'{text}|string|truncate(length={number}, killwords=true, leeway=0, end="…")')
    if name == "divisibleby":
        return Written(words.short(f"{text}|int % {number} == 0"), "other")
    return Written(words.short(f'"%.{number}f"|format({text}|float) if {text} != "" else ""'), "other")


def _made(words: Words, text: str) -> Written:
    return Written(words.short(text), "path")
