"""What a source may say, looked at before it is compiled: nothing that grows without being counted.

The engine counts steps and octets of text. It does not count the depth of an expression that it compiles, nor lists
that hold other lists; here both are kept small. Whoever reads a source otherwise than the engine does could be
deceived, so what is read differently anywhere (braces, odd spaces, odd ``raw``) is refused.
"""

from __future__ import annotations

import re

from estafette.mail.templates.faults import TemplateFault

#: Words and signs of one tag, and of ``elif`` in one source.
TOKENS = 250
ELIFS = 100
_OPEN = re.compile(r"\{[{%#]")
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_TOKEN = re.compile(
    r"""[ \t\r\n]+|(?P<end>[-+]?(?:\}\}|%\}))|(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"""|(?P<number>\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|//|[=!<>]=|[-+*/%~|.,:()\[\]<>=])""",
    re.DOTALL | re.ASCII,
)
_RAW = re.compile(r"[-+]?[ \t\r\n]*raw[ \t\r\n]*[-+]?%\}")
_ENDRAW = re.compile(r"\{%[-+]?[ \t\r\n]*$")
_ENDRAW_REST = re.compile(r"endraw[ \t\r\n]*[-+]?%\}")
_NUMERIC = frozenset(("int", "float", "round", "length", "count", "abs"))
_WORDS = frozenset(("in", "and", "or", "not", "if", "else", "elif", "is", "set", "for", "with", "filter"))
_LOADS = frozenset(("include", "extends", "import", "from"))
_NAMED = re.compile(r"""\{%[-+]?\s*(?:include|extends|import|from)\s*["']([^"'\n]{1,64})["']""")
_CONSTANT = frozenset(("true", "false", "none", "True", "False", "None"))

Token = tuple[str, str]


def examine(source: str, part: str) -> None:
    """Raise TemplateFault when a source says what it may not."""
    at, elifs, line, counted = 0, 0, 1, 0
    while (opened := _OPEN.search(source, at)) is not None:
        line, counted = line + source.count("\n", counted, opened.start()), opened.start()
        if opened.group() == "{#":
            at = _after(source, "#}", opened.end(), part, line)
            continue
        raw = _RAW.match(source, opened.end()) if opened.group() == "{%" else None
        if raw is not None:
            at = _after_raw(source, raw.end(), part, line)
            continue
        tokens, at = _tokens(source, opened.end(), "}}" if opened.group() == "{{" else "%}", part, line)
        elifs += tokens[:1] == [("name", "elif")]
        if elifs > ELIFS:
            raise _refused(f"has more than {ELIFS} elif", part, line)
        _look(tokens, part, line)


def named(source: str) -> tuple[str, ...]:
    """Return the layouts and partials that a source takes, each once."""
    return tuple(dict.fromkeys(_NAMED.findall(source)))


def tags(source: str) -> list[str]:
    """Return the tags of a source, in order, as they stand."""
    return _TAG.findall(source)


def _after(source: str, end: str, start: int, part: str, line: int) -> int:
    found = source.find(end, start)
    if found < 0:
        raise TemplateFault("template_syntax", "a tag is never closed", part=part, line=line)
    return found + len(end)


def _after_raw(source: str, start: int, part: str, line: int) -> int:
    found = source.find("endraw", start)
    rest = _ENDRAW_REST.match(source, found) if found >= 0 else None
    if rest is None or _ENDRAW.search(source, start, found) is None:
        raise TemplateFault("template_syntax", "raw is closed by {% endraw %}", part=part, line=line)
    return rest.end()


def _tokens(source: str, at: int, end: str, part: str, line: int) -> tuple[list[Token], int]:
    """Return the words and signs of one tag, and where it ends."""
    found: list[Token] = []
    if source[at : at + 1] in {"-", "+"}:
        at += 1
    while (match := _TOKEN.match(source, at)) is not None:
        at = match.end()
        kind = match.lastgroup
        if kind == "end":
            if not match.group().endswith(end):
                break
            return found, at
        if kind is not None:
            found.append((kind, match.group()))
        if len(found) > TOKENS:
            raise _refused(f"has a tag of more than {TOKENS} words and signs", part, line)
    sign = source[at : at + 1]
    if sign in {"{", "}"}:
        raise _refused("has a brace inside a tag; objects come from data", part, line)
    raise TemplateFault("template_syntax", f"a tag cannot be read at {sign!r}", part=part, line=line)


def _look(tokens: list[Token], part: str, line: int) -> None:
    """Check sums, products and lists of one tag."""
    first = tokens[0][1] if tokens else ""
    if first in _LOADS and (len(tokens) < 2 or tokens[1][0] != "text"):
        raise _refused(f"{first} names what it takes by a variable", part, line, 'write its name, such as "footer"')
    for index, (kind, text) in enumerate(tokens):
        if kind != "sign":
            continue
        if text in {"+", "*"} and not _safe(tokens, index, text):
            fix = "write a|int + b|int, a|float * b|float, or a ~ b for texts"
            raise _refused(f"{text} is for numbers that are seen to be some", part, line, fix)
        if (text == "[" and not _follows(tokens, index)) or (text == "(" and not _follows(tokens, index)):
            _constants(tokens, index, part, line)
        named = first in {"with", "from"} or (first == "for" and ("name", "in") not in tokens[:index])
        if text == "," and not named and _depth(tokens, index) == 0:
            raise _refused("has a list without brackets", part, line, "give lists in data")


def _safe(tokens: list[Token], index: int, sign: str) -> bool:
    """Return whether a sum or a product is one of numbers, or a sum of text."""
    before, after = _number_before(tokens, index), _number_after(tokens, index)
    if sign == "*":
        return before and after
    text = [tokens[place][0] for place in (index - 1, index + 1) if 0 <= place < len(tokens)]
    return before or after or "text" in text


def _number_before(tokens: list[Token], index: int) -> bool:
    if index == 0 or tokens[index - 1] == ("sign", ")"):
        return index > 0 and _group_ends_numeric(tokens, index - 1)
    kind, text = tokens[index - 1]
    behind = tokens[index - 2] if index > 1 else ("", "")
    if kind == "number":
        return behind != ("sign", ".")
    return kind == "name" and text in _NUMERIC and behind == ("sign", "|")


def _group_ends_numeric(tokens: list[Token], end: int) -> bool:
    """Return whether the bracket that ends here holds the arguments of a filter that returns a number."""
    depth = 0
    for place in range(end, -1, -1):
        depth += {")": 1, "(": -1}.get(tokens[place][1], 0) if tokens[place][0] == "sign" else 0
        if depth == 0:
            return place >= 2 and tokens[place - 1][1] in _NUMERIC and tokens[place - 2] == ("sign", "|")
    return False


def _number_after(tokens: list[Token], index: int) -> bool:
    """Return whether what follows is a number, or a path through a filter that returns one."""
    rest = tokens[index + 1 :]
    if rest[:1] and rest[0][0] == "number":
        return rest[1:2] != [("sign", "|")]
    last = ""
    for place, (kind, text) in enumerate(rest):
        if kind == "name" and text not in _WORDS:
            last = text if place and rest[place - 1] == ("sign", "|") else ""
        elif (kind, text) not in {("sign", "."), ("sign", "|")}:
            break
    return last in _NUMERIC


def _follows(tokens: list[Token], index: int) -> bool:
    """Return whether a bracket calls or indexes what stands before it."""
    if index == 0:
        return False
    kind, text = tokens[index - 1]
    return (kind == "name" and text not in _WORDS) or kind == "text" or text in {")", "]"}


def _constants(tokens: list[Token], index: int, part: str, line: int) -> None:
    """Refuse a list with anything but constants; brackets around one expression are none."""
    close, depth, listed = {"[": "]", "(": ")"}[tokens[index][1]], 0, tokens[index][1] == "["
    inside: list[Token] = []
    for token in tokens[index:]:
        depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(token[1], 0) if token[0] == "sign" else 0
        if depth == 0:
            break
        inside.append(token)
        listed |= token == ("sign", ",") and depth == 1 and close == ")"
    if listed and any(kind == "name" and text not in _CONSTANT for kind, text in inside):
        raise _refused("has a list of more than constants", part, line, "give lists in data")


def _depth(tokens: list[Token], index: int) -> int:
    opened = sum(text in {"(", "["} for kind, text in tokens[:index] if kind == "sign")
    return opened - sum(text in {")", "]"} for kind, text in tokens[:index] if kind == "sign")


def _refused(detail: str, part: str, line: int, fix: str = "") -> TemplateFault:
    return TemplateFault("template_construct", detail, part=part, line=line, fix=fix)
