"""Mustachio, Postmark's template language, put into ours.

Sources: https://postmarkapp.com/support/article/1077-template-syntax and the engine,
https://github.com/ActiveCampaign/mustachio. A value that nobody gave is empty there, and so it is here. A name means a
field of the value that the block around it is about, and nothing further out: ``../`` goes out.
"""

from __future__ import annotations

import re
from types import MappingProxyType

import msgspec

from estafette.mail.templates.foreign import marks
from estafette.mail.templates.foreign.blocks import DEPTH
from estafette.mail.templates.foreign.words import Words, field, quoted

#: What Mustachio takes for a tag; other braces are text.
_TAG = re.compile(r"\{\{([^{}]+)\}\}|\{\{\{([^{}]+)\}\}\}")
_STEP = re.compile(r"\.\./|[^./]+")
_WRONG = re.compile(r"\.{3}|[^\w./]|(?<!\.\.)/|\.\.(?!/)")
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
#: Names of our loops' items.
_ITEM = "each__"
_LOOP = MappingProxyType({"@index": "index0", "@first": "first", "@last": "last"})
_LAYOUT = "save the layout as a part, and extend it"

#: What a value is a field of, outermost first: expressions of ours; "" is all that was given.
Chain = tuple[str, ...]


class _Block(msgspec.Struct, frozen=True):
    """An open block: how it was opened, what stands at its end, and what names mean around it."""

    opened: str
    end: str
    around: Chain


def translate(source: str, part: str) -> str:
    """Return a source in our language. TemplateFault names the construct that cannot be read, or that we lack."""
    reader, pieces, at, line = _Reader(part), [], 0, 1
    for tag in _TAG.finditer(source):
        pieces.append(marks.plain(source[at : tag.start()]))
        line += source.count("\n", at, tag.start())
        pieces.append(reader.tag(tag[1] or f"&{tag[2]}", line))
        line += source.count("\n", tag.start(), tag.end())
        at = tag.end()
    pieces.append(marks.plain(source[at:]))
    reader.done()
    return marks.joined(pieces)


class _Reader:
    def __init__(self, part: str) -> None:
        self._part = part
        self._open: list[_Block] = []
        self._chain: Chain = ("",)
        self._words = Words("", part, 1)
        self._tags = 0

    def tag(self, text: str, line: int) -> str:
        self._words = Words("", self._part, line)
        self._tags += 1
        if self._tags > marks.MOST:
            self._words.fail(f"has more than {marks.MOST} tags", "template_limit")
        sign, inner = text[0], text[1:].strip()
        if sign == "!":
            return ""
        if text.startswith("#each"):
            return self._each(text[5:])
        if sign in "#^":
            return self._section(sign, inner)
        if sign == "/":
            return self._close(inner)
        return self._print(inner, "|safe") if sign == "&" else self._print(text.strip(), "")

    def done(self) -> None:
        if self._open:
            self._words.fail(f"{self._open[-1].opened} is never closed")

    def _print(self, path: str, how: str) -> str:
        if path in _LOOP and any(block.opened == "each" for block in self._open):
            return f"{{{{ loop.{_LOOP[path]} }}}}"
        value = self._value(self._found(path))
        return self._words.short(f'{{{{ ({value} if {value} is not none else ""){how} }}}}')

    def _section(self, sign: str, path: str) -> str:
        """Open a block, or go over to the other branch of the one that is open for the same value."""
        again = ""
        if self._open and self._open[-1].opened == path:
            again = self._close(path)
        found = self._found(path)
        self._begin(_Block(path, "{% endif %}", self._chain), found)
        return self._words.short(f"{again}{{% if {'not ' if sign == '^' else ''}{self._value(found)} %}}")

    def _each(self, path: str) -> str:
        if not path.startswith(" ") or not path.strip():
            self._words.fail("each names no list")
        found, item = self._found(path.strip()), f"{_ITEM}{len(self._open)}"
        self._begin(_Block("each", "{% endfor %}", self._chain), (*found, item))
        return self._words.short(f"{{% for {item} in {self._value(found)} or [] %}}")

    def _begin(self, block: _Block, inside: Chain) -> None:
        if len(self._open) >= DEPTH:
            self._words.fail(f"has more than {DEPTH} blocks within each other", "template_limit")
        self._open.append(block)
        self._chain = inside

    def _close(self, path: str) -> str:
        if not self._open or self._open[-1].opened != path:
            self._words.fail(f"/{path[:40]} closes {self._open[-1].opened[:40] if self._open else 'nothing'}")
        block = self._open.pop()
        self._chain = block.around
        return block.end

    def _value(self, chain: Chain) -> str:
        if not chain[-1]:
            self._words.lack("the whole model as a value", "name a value of it")
        return f'({chain[-1]}|default(""))'

    def _found(self, path: str) -> Chain:
        """Return where a path leads from here."""
        if path.startswith("@"):
            self._words.lack(path[:40], _LAYOUT if path in {"@content", "@layout"} else "write it with blocks")
        if path.startswith((">", "if ", "unless ")) or path in {"else", "if", "unless"}:
            self._words.lack(f"{{{{{path[:40]}}}}}", "Mustachio has {{#NAME}}, {{^NAME}} and {{#each NAME}}")
        if _WRONG.search(path):
            self._words.fail(f"{path[:40]!r} is no path")
        chain = self._chain
        for place, step in enumerate(_STEP.findall(path)):
            if step == "../":
                chain = chain[:-1] or chain
            elif step != "this" or place:
                chain = (*chain, self._member(chain[-1], step))
        return chain or ("",)

    def _member(self, base: str, name: str) -> str:
        plain = _NAME.fullmatch(name) is not None
        if base:
            return field(f'({base}|default(""))', name) if plain else f'({base}|default(""))[{quoted(name)}]'
        if not plain or name.startswith(_ITEM):
            self._words.lack(f"the name {name[:40]}", "rename the value: it is no name in our language")
        return self._words.free(name)
