"""Sums, products and comparisons of foreign texts, written so that our dialect sees numbers where it wants them."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Literal

import msgspec

from estafette.mail.templates.foreign.words import Words

_NUMBER = "|round(6)"
_ORDER = frozenset({"<", ">", "<=", ">="})
_MIRRORED = MappingProxyType({"<": ">", ">": "<", "<=": ">=", ">=": "<="})
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,17}")


class Written(msgspec.Struct, frozen=True):
    """An expression in our language. kind: what it is seen to be; a path and a constant need no brackets."""

    text: str
    kind: Literal["number", "text", "path", "other"]

    @property
    def closed(self) -> str:
        """The expression, in brackets where it needs some."""
        return self.text if self.kind != "other" else f"({self.text})"


def total(words: Words, left: Written, sign: str, right: Written) -> Written:
    """Write a sum, difference, product or quotient."""
    if sign == "+" and "text" in {left.kind, right.kind}:
        return _made(words, f"{left.closed} ~ {right.closed}")
    if sign == "*" and right.kind == "other":
        left, right = right, left
        if right.kind == "other":
            words.lack("a product of two results", "give one of them a name, or compute it before")
    return _made(words, f"{_number(left)} {sign} {_number(right)}")


def compared(words: Words, left: Written, sign: str, right: Written) -> Written:
    """Write a comparison; an order of unlike values holds never, instead of by chance."""
    both = f"{left.closed} {sign} {right.closed}"
    if sign not in _ORDER or left.kind == right.kind == "number":
        return _made(words, both)
    if "number" in {left.kind, right.kind}:
        other = right if left.kind == "number" else left
        return _made(words, f"{other.closed} is number and {both}")
    return _made(words, f"({left.closed} is number) == ({right.closed} is number) and {both}")


def lenient(words: Words, left: Written, sign: str, right: Written) -> Written:
    """Write a comparison for which "3" is as good as 3."""
    if left.kind in {"number", "text"} and right.kind == "path":
        left, right, sign = right, left, _MIRRORED.get(sign, sign)
    if left.kind != "path" or right.kind not in {"number", "text"}:
        return compared(words, left, sign, right)
    if sign in _ORDER:
        if right.kind == "text":
            return compared(words, left, sign, right)
        return _made(words, f"{left.text}|float {sign} {right.text}")
    number = right.text.strip('"')
    if not _DECIMAL.fullmatch(number):
        return _made(words, f"{left.text} {sign} {right.text}")
    listed = "in" if sign == "==" else "not in"
    return _made(words, f'{left.text} {listed} [{number}, "{number}"]')


def _number(operand: Written) -> str:
    return operand.text if operand.kind == "number" else f"{operand.closed}{_NUMBER}"


def _made(words: Words, text: str) -> Written:
    return Written(words.short(text), "other")
