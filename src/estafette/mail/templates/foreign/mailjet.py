"""Mailjet's template language, put into ours.

Source: https://dev.mailjet.com/template-language/reference/. A variable without a value is an error there as here; one
in HTML stands there as it is given, so it is ``safe`` here. ``{{data:NAME}}`` is ``contact.NAME`` of the values.
"""

from __future__ import annotations

import re

from estafette.mail.templates.foreign import marks
from estafette.mail.templates.foreign.blocks import Blocks
from estafette.mail.templates.foreign.mailjet_values import FIX, Values
from estafette.mail.templates.foreign.words import Words, quoted

_BARE_LENGTH = 500
#: ``{{var:NAME:words without quotes}}``.
_BARE = re.compile(r"""\s*(var|data):(\w+)\s*:\s*([^"'“”{}:]*?)\s*""", re.ASCII)


def translate(source: str, part: str) -> str:
    """Return a source in our language. TemplateFault names the construct that cannot be read, or that we lack."""
    reader = _Reader(part)
    return marks.joined([reader.piece(mark) for mark in marks.cut(source, part)] + [reader.done()])


class _Reader:
    def __init__(self, part: str) -> None:
        self._part = part
        self._blocks = Blocks()
        self._values = Values(self._blocks)
        self._line = 1

    def piece(self, mark: marks.Mark) -> str:
        self._line = mark.line
        if mark.kind == "text":
            return marks.plain(mark.text)
        if mark.kind == "print":
            return self._print(mark)
        return self._statement(Words(mark.text, self._part, mark.line))

    def done(self) -> str:
        self._blocks.done(Words("", self._part, self._line))
        return ""

    def _print(self, mark: marks.Mark) -> str:
        bare = _BARE.fullmatch(mark.text) if len(mark.text) <= _BARE_LENGTH else None
        if bare is not None:
            words = Words(f"{bare[1]}:{bare[2]}:{quoted(bare[3])}", self._part, mark.line)
        else:
            words = Words(mark.text, self._part, mark.line)
        found = self._values.read(words)
        words.end()
        return words.short(f"{{{{ {found.closed}|safe }}}}")

    def _statement(self, words: Words) -> str:
        word = words.name().lower()
        if word in {"if", "elseif", "elif"}:
            return self._condition(words, word)
        if word == "for":
            return self._loop(words)
        if word == "set":
            return self._name(words)
        if word == "else":
            words.end()
            self._blocks.otherwise(words, "if", last=True)
            return "{% else %}"
        if word in {"endif", "endfor"}:
            words.end()
            self._blocks.close(words, word[3:])
            return f"{{% {word} %}}"
        return words.lack(f"{{% {word} %}}", "write it with if, for and set")

    def _condition(self, words: Words, word: str) -> str:
        found = self._values.read(words)
        words.end()
        if word == "if":
            self._blocks.open(words, "if")
            return words.short(f"{{% if {found.text} %}}")
        self._blocks.otherwise(words, "if", last=False)
        return words.short(f"{{% elif {found.text} %}}")

    def _loop(self, words: Words) -> str:
        name = words.free(words.name())
        words.expect("in")
        found = self._values.read(words)
        words.end()
        if found.kind != "path":
            words.lack("a loop over anything but a list of the values", "give the list in Variables")
        self._blocks.open(words, "for", name)
        return words.short(f"{{% for {name} in {found.text} %}}")

    def _name(self, words: Words) -> str:
        name = words.free(words.name())
        words.expect("=")
        found = self._values.read(words)
        words.end()
        if self._blocks.outside(name):
            words.lack(f"changing {name} from inside a loop", FIX)
        self._blocks.name(name)
        return words.short(f"{{% set {name} = {found.text} %}}")
