"""Values, filters and conditions of Brevo's template language, put into ours."""

from __future__ import annotations

import re
from types import MappingProxyType

from estafette.mail.templates.foreign import arithmetic
from estafette.mail.templates.foreign.arithmetic import Written
from estafette.mail.templates.foreign.blocks import Blocks
from estafette.mail.templates.foreign.filters import filtered
from estafette.mail.templates.foreign.logic import Logic, joined
from estafette.mail.templates.foreign.words import Words, field, quoted, unquoted

_COMPARED = ("==", "!=", "<", ">", "<=", ">=", "in")
_FORLOOP = MappingProxyType({
    "counter": "index", "counter0": "index0", "revcounter": "revindex", "revcounter0": "revindex0", "first": "first",
    "last": "last",
})  # fmt: skip
_CONSTANTS = MappingProxyType({"True": "true", "False": "false", "None": "none"})
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_FIX = "compute it before, and give it in params"


class Values(Logic):
    """Reads expressions; ``blocks`` knows the names that hold where they stand."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks

    def condition(self, words: Words) -> Written:
        """Read a condition: ``or``, ``and``, ``not``, a comparison."""
        found = self.every(words)
        while words.accept("or"):
            found = joined(words, found, "or", self.every(words))
        return found

    def compared(self, words: Words) -> Written:
        """Read a comparison, a value alone, or a condition in brackets."""
        if words.accept("("):
            words.deeper()
            found = self.condition(words)
            words.expect(")")
            words.higher()
            return found
        left = self.filtered(words, asked=True)
        if words.peek() == ("name", "not") and words.peek(1) == ("name", "in"):
            words.take()
            words.take()
            return joined(words, left, "not in", self.filtered(words, asked=True))
        if words.peek() == ("name", "is"):
            words.lack("is", "write == instead")
        sign = words.accept(*_COMPARED)
        return arithmetic.compared(words, left, sign, self.filtered(words, asked=True)) if sign else left

    def filtered(self, words: Words, *, asked: bool = False) -> Written:
        """Read a value and its filters. asked: it is a condition, where what nobody gave is false."""
        start = words.peek()
        found = self.value(words, soft=asked or start[1] != "contact" or self._defaulted(words))
        while words.accept("|"):
            name = words.name()
            given = self.value(words) if words.accept(":") else None
            found = filtered(words, found, name, given)
        return found

    def _defaulted(self, words: Words) -> bool:
        """Return whether the first filter that follows gives a default."""
        ahead = 0
        while words.peek(ahead)[0] and words.peek(ahead) != ("sign", "|"):
            ahead += 1
        return words.peek(ahead + 1)[1] in {"default", "default_if_none"}

    def value(self, words: Words, *, soft: bool = True, pairs: bool = False) -> Written:
        """Read a value without filters. soft: it may be missing. pairs: ``.items`` means names and values."""
        minus = "-" if words.accept("-") else ""
        kind, text = words.take()
        if kind == "number":
            return Written(minus + text, "number")
        if minus or kind not in {"text", "name"}:
            words.fail(f"a value is expected instead of {text[:20]!r}")
        if kind == "text":
            return Written(quoted(unquoted(text)), "text")
        if text in _CONSTANTS:
            return Written(_CONSTANTS[text], "other")
        if text == "forloop":
            return self._forloop(words)
        if text not in {"params", "contact"} and not self._blocks.knows(text):
            words.lack(text, "give the value in params, and write params.NAME")
        return Written(_path(words, text, soft=soft, pairs=pairs), "path")

    def _forloop(self, words: Words) -> Written:
        words.expect(".")
        name = words.name()
        if not self._blocks.in_loop:
            words.fail("forloop stands outside a loop")
        if name not in _FORLOOP:
            words.lack(f"forloop.{name}", _FIX)
        return Written(f"loop.{_FORLOOP[name]}", "number" if name not in {"first", "last"} else "other")


def _path(words: Words, base: str, *, soft: bool, pairs: bool) -> str:
    """Read fields behind a name. soft: each may be missing. pairs: ``.items`` at the end means names and values."""
    steps: list[str] = []
    while words.accept("."):
        kind, text = words.take()
        if kind == "number" and re.fullmatch(r"\d+\.\d+", text):
            steps.extend(text.split("."))
        elif kind == "name" or (kind == "number" and text.isdecimal()):
            steps.append(text)
        else:
            words.fail(f"a field is expected instead of {text[:20]!r}")
    listed = pairs and steps[-1:] == ["items"]
    for step in steps[:-1] if listed else steps:
        before = f'({base}|default(""))' if soft else base
        base = field(before, step) if _NAME.fullmatch(step) else f"{before}[{step}]"
    if pairs and not listed:
        words.lack("a loop with two names over anything but .items", "write one name, or .items")
    if soft:
        base = f'{base}|default("")'
    return f"{base}|items" if listed else base
