"""Brevo's template language, which is Django's with less, put into ours.

Sources: https://help.brevo.com, "Customize your emails with Brevo Template Language"; Django's reference of built-in
tags and filters. A value that nobody gave is empty there, so ``params`` are here; a ``contact``'s are an error that
names them unless they have a default, because we keep no contacts for this.
"""

from __future__ import annotations

from estafette.mail.templates.foreign import marks
from estafette.mail.templates.foreign.blocks import Blocks
from estafette.mail.templates.foreign.brevo_values import Values
from estafette.mail.templates.foreign.words import Words


def translate(source: str, part: str) -> str:
    """Return a source in our language. TemplateFault names the construct that cannot be read, or that we lack."""
    reader = _Reader(part)
    pieces = [reader.piece(mark) for mark in marks.cut(source, part, comments=True)]
    reader.done()
    return marks.joined(pieces)


class _Reader:
    def __init__(self, part: str) -> None:
        self._part = part
        self._blocks = Blocks()
        self._values = Values(self._blocks)
        self._line = 1
        self._silent = False

    def piece(self, mark: marks.Mark) -> str:
        self._line = mark.line
        if self._silent and not (mark.kind == "statement" and mark.text.strip() == "endcomment"):
            return ""
        if mark.kind == "text":
            return marks.plain(mark.text)
        words = Words(mark.text, self._part, mark.line)
        if mark.kind == "statement":
            return words.short(self._statement(words))
        found = self._values.filtered(words)
        words.end()
        return words.short(f"{{{{ {found.closed} }}}}")

    def done(self) -> None:
        self._blocks.done(Words("", self._part, self._line))

    def _statement(self, words: Words) -> str:
        word = words.name()
        if word in {"if", "elif"}:
            return self._condition(words, word)
        if word == "for":
            return self._loop(words)
        if word == "with":
            return self._with(words)
        if word in {"else", "empty"}:
            words.end()
            self._blocks.otherwise(words, "if" if word == "else" else "for", last=True)
            return "{% else %}"
        if word == "autoescape":
            return self._autoescape(words)
        if word in {"endif", "endfor", "endwith", "endautoescape", "endcomment"}:
            words.end()
            self._blocks.close(words, word[3:])
            self._silent = False
            return f"{{% {word} %}}" if word != "endcomment" else ""
        if word == "comment":
            self._blocks.open(words, "comment")
            self._silent = True
            return ""
        return words.lack(f"{{% {word} %}}", "write it with if, for, with and autoescape")

    def _condition(self, words: Words, word: str) -> str:
        found = self._values.condition(words)
        words.end()
        if word == "if":
            self._blocks.open(words, "if")
        else:
            self._blocks.otherwise(words, "if", last=False)
        return f"{{% {word} {found.text} %}}"

    def _loop(self, words: Words) -> str:
        names = [words.free(words.name())]
        while words.accept(","):
            names.append(words.free(words.name()))
        words.expect("in")
        found = self._values.value(words, pairs=len(names) > 1)
        reverse = "|reverse" if words.accept("reversed") else ""
        words.end()
        if found.kind != "path" or len(names) > 2:
            words.lack("a loop over anything but a list, or the items of an object", "give the list in params")
        self._blocks.open(words, "for", *names)
        return f"{{% for {', '.join(names)} in {found.text}{reverse} %}}"

    def _with(self, words: Words) -> str:
        given: list[tuple[str, str]] = []
        while words.peek()[0]:
            name = words.free(words.name())
            words.expect("=")
            given.append((name, self._values.filtered(words).text))
        if not given:
            words.fail("with names no value")
        self._blocks.open(words, "with", *(name for name, _ in given))
        return f"{{% with {', '.join(f'{name} = {value}' for name, value in given)} %}}"

    def _autoescape(self, words: Words) -> str:
        switch = words.accept("on", "off")
        words.end()
        if not switch:
            words.fail("autoescape is on or off")
        self._blocks.open(words, "autoescape")
        return f"{{% autoescape {'true' if switch == 'on' else 'false'} %}}"
