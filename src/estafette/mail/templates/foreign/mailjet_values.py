"""Values, sums and conditions of Mailjet's template language, put into ours."""

from __future__ import annotations

import re
from types import MappingProxyType

from estafette.mail.templates.foreign import arithmetic
from estafette.mail.templates.foreign.arithmetic import Written
from estafette.mail.templates.foreign.blocks import Blocks
from estafette.mail.templates.foreign.logic import Logic, joined
from estafette.mail.templates.foreign.words import Words, field, quoted, unquoted

_SIGNS = MappingProxyType({"=": "==", "==": "==", "===": "==", "!=": "!=", "!==": "!=", "<>": "!="})
_ORDERS = ("=", "==", "===", "!=", "!==", "<>", "<", ">", "<=", ">=")
_TIMES = MappingProxyType({"*": "*", "/": "/", "div": "//", "mod": "%"})
#: Functions of one value -> our filters.
_FILTERS = MappingProxyType({
    "upper": "upper", "lower": "lower", "capitalize": "capitalize", "trim": "trim", "length": "length", "abs": "abs",
    "urlencode": "urlencode", "escapehtml": "escape", "round": "round",
})  # fmt: skip
FIX = "compute it before, and give it in Variables"


class Values(Logic):
    """Reads expressions; ``blocks`` knows the names that hold where they stand."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks

    def read(self, words: Words) -> Written:
        """Read an expression: ``or``, ``xor``, ``and``, ``not``, a comparison, a sum, a product, a value."""
        found = self._exclusive(words)
        while words.accept("or"):
            found = joined(words, found, "or", self._exclusive(words))
        return found

    def _exclusive(self, words: Words) -> Written:
        found = self.every(words)
        while words.accept("xor"):
            other = self.every(words)
            found = joined(
                words, Written(f"{found.closed}|bool", "other"), "!=", Written(f"{other.closed}|bool", "other")
            )
        return found

    def compared(self, words: Words) -> Written:
        """Read a comparison of sums, or a sum alone."""
        found = self._sum(words)
        sign = words.accept(*_ORDERS)
        return arithmetic.lenient(words, found, _SIGNS.get(sign, sign), self._sum(words)) if sign else found

    def _sum(self, words: Words) -> Written:
        found = self._product(words)
        while sign := words.accept("+", "-"):
            found = arithmetic.total(words, found, sign, self._product(words))
        return found

    def _product(self, words: Words) -> Written:
        found = self._value(words)
        while sign := words.accept(*_TIMES):
            found = arithmetic.total(words, found, _TIMES[sign], self._value(words))
        return found

    def _value(self, words: Words) -> Written:
        if words.accept("-"):
            found = self._value(words) if words.peek() != ("sign", "-") else words.fail("two signs follow each other")
            return Written(f"-{found.closed}", "other")
        if words.accept("("):
            words.deeper()
            found = self.read(words)
            words.expect(")")
            words.higher()
            return found
        kind, text = words.take()
        if kind == "number":
            return Written(text, "number")
        if kind == "text":
            return Written(quoted(unquoted(text)), "text")
        if kind != "name":
            words.fail(f"a value is expected instead of {text[:20]!r}")
        return self._named(words, text)

    def _named(self, words: Words, text: str) -> Written:
        if text.lower() in {"true", "false"}:
            return Written(text.lower(), "other")
        if words.accept(":"):
            return self._variable(words, text.lower())
        if words.accept("("):
            words.deeper()
            made = self._function(words, text)
            words.higher()
            return made
        if not self._blocks.knows(text):
            words.fail(f"{text} is no variable, and set nowhere", fix=f"write var:{text}")
        return Written(_path(words, text), "path")

    def _variable(self, words: Words, space: str) -> Written:
        if space == "var":
            base = words.free(words.name())
        elif space == "data":
            base = field("contact", words.name())
        else:
            words.lack(f"{space}:", FIX)
        path = _path(words, base)
        if not words.accept(":"):
            return Written(path, "path")
        kind, text = words.take()
        if kind not in {"text", "number"}:
            words.fail("a default is a text in quotes, or a number")
        default = quoted(unquoted(text)) if kind == "text" else text
        return Written(f"{_soft(path)}|default({default})", "path")

    def _function(self, words: Words, name: str) -> Written:
        low, given = name.lower(), [self.read(words)]
        while words.accept(","):
            given.append(self.read(words))
        words.expect(")")
        first = given[0].closed
        if low == "defined" and len(given) == 1 and given[0].kind == "path":
            return Written(f"{_soft(given[0].text)} is defined", "other")
        if low == "contains" and len(given) == 2:
            return Written(words.short(f"{given[1].closed} in {first}"), "other")
        if low == "round" and len(given) == 2 and given[1].kind == "number":
            return Written(words.short(f"{first}|round({given[1].text})"), "other")
        if low == "replace" and len(given) == 3:
            return Written(words.short(f"{first}|replace({given[1].text}, {given[2].text})"), "other")
        if low in _FILTERS and len(given) == 1:
            return Written(words.short(f"{first}|{_FILTERS[low]}"), "other")
        return words.lack(f"{name}() with {len(given)} values", FIX)


def _path(words: Words, base: str) -> str:
    """Read fields and places behind a name."""
    while sign := words.accept(".", "["):
        kind, text = words.take()
        if sign == ".":
            if kind == "name":
                base = field(base, text)
            elif kind == "number" and text.isdecimal():
                base = f"{base}[{text}]"
            else:
                words.fail(f"a field is expected instead of {text[:20]!r}")
            continue
        if kind == "text":
            base = f"{base}[{quoted(unquoted(text))}]"
        elif kind == "number" and text.isdecimal():
            base = f"{base}[{text}]"
        else:
            words.lack("a place that is computed", "write its number, or loop over the list")
        words.expect("]")
    return base


def _soft(path: str) -> str:
    """Write a path whose first name may have no value at all."""
    first = re.match(r"\w+", path, re.ASCII)
    rest = path[first.end() :] if first else ""
    return f'({path[: len(path) - len(rest)]}|default("")){rest}' if rest else path
