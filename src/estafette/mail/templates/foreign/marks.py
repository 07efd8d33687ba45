"""A foreign source cut into text and marks, and the text written so that our language takes it as it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from estafette.mail.templates.faults import TemplateFault

#: Characters, and marks, of one source.
SOURCE = 512 * 1024
MOST = 20_000
_CLOSE = {"{{": "}}", "{%": "%}"}
_OPEN = re.compile(r"\{\{|\{%")
_OPEN_OR_COMMENT = re.compile(r"\{\{|\{%|\{#")
_LINE_END = re.compile(r"[\r\n]")
_BRACE = re.compile(r"\{(?=[{%#]|\Z)")
#: A brace that opens nothing.
BRACE = '{{ "\\u007b" }}'


class Mark(msgspec.Struct, frozen=True):
    """A piece of a source: text as it stands, or what is between ``{{ }}`` (print) or ``{% %}`` (statement).

    line: where it begins, from 1.
    """

    kind: Literal["text", "print", "statement"]
    text: str
    line: int


def cut(source: str, part: str, *, comments: bool = False) -> Iterator[Mark]:
    """Yield the pieces of a source. comments: whether ``{# ... #}`` on one line is one, which is left out."""
    if len(source) > SOURCE:
        raise TemplateFault("template_limit", f"has more than {SOURCE} characters", part=part)
    at, line, marks = 0, 1, 0
    opening = _opening(source, comments=comments)
    while (opened := opening(at)) is not None:
        yield Mark("text", source[at : opened.start()], line)
        line += source.count("\n", at, opened.start())
        marks += 1
        if marks > MOST:
            raise TemplateFault("template_limit", f"has more than {MOST} tags", part=part, line=line)
        if opened.group() == "{#":
            at = source.index("#}", opened.end()) + 2
            continue
        end = _end(source, opened.end(), _CLOSE[opened.group()])
        if end < 0:
            raise TemplateFault("template_syntax", "a tag is never closed", part=part, line=line)
        yield Mark("print" if opened.group() == "{{" else "statement", source[opened.end() : end], line)
        at = end + 2
        line += source.count("\n", opened.start(), at)
    yield Mark("text", source[at:], line)


def _opening(source: str, *, comments: bool) -> Callable[[int], re.Match[str] | None]:
    """Return what finds the next tag; a comment that its line does not end is none, and is looked at once."""
    barren = stop = 0

    def following(at: int) -> re.Match[str] | None:
        nonlocal barren, stop
        for found in (_OPEN_OR_COMMENT if comments else _OPEN).finditer(source, at):
            if found.group() != "{#":
                return found
            if found.start() < barren:
                continue
            if found.end() > stop:
                end = _LINE_END.search(source, found.end())
                stop = end.start() if end else len(source)
            if source.find("#}", found.end(), stop) >= 0:
                return found
            barren = stop
        return None

    return following


def plain(text: str) -> str:
    """Return text so that no brace in it, or at its end, opens a tag of ours."""
    return _BRACE.sub(lambda _: BRACE, text)


def joined(pieces: Iterable[str]) -> str:
    """Return a source of pieces that were written each for itself."""
    return "".join(pieces)


def _end(source: str, at: int, close: str) -> int:
    """Return where a tag closes; quoted text may hold what looks like it."""
    found = re.compile(rf'"[^"\r\n]*"|\'[^\'\r\n]*\'|{re.escape(close)}')
    while (match := found.search(source, at)) is not None:
        if match.group() == close:
            return match.start()
        at = match.end()
    return source.find(close, at)
