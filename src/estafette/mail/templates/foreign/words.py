"""Words and signs of one foreign tag, read one after the other, and how values are written in our language."""

from __future__ import annotations

import json
import re
from typing import NoReturn

from estafette.mail.templates.faults import TemplateFault

#: Words and signs of one tag, brackets within each other, and characters that one tag may become.
MOST = 120
DEPTH = 20
LENGTH = 4000
_WORD = re.compile(
    r"""\s*(?:(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|“[^”]*”)|(?P<number>\d{1,18}(?:\.\d{1,18})?)(?![\w])"""
    r"""|(?P<name>[A-Za-z_]\w{0,63})(?!\w)|(?P<sign>===|!==|==|!=|<>|<=|>=|[-+*/%<>=|:.,()\[\]]))""",
    re.ASCII | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
#: Names that our language keeps for itself.
_KEPT = frozenset({
    "and", "or", "not", "in", "is", "if", "else", "elif", "endif", "for", "endfor", "set", "with", "filter", "true",
    "false", "none", "True", "False", "None", "loop", "self", "super", "caller", "range", "cycler", "joiner", "debug",
    "dict", "namespace", "lipsum", "recursive", "import", "from", "include", "extends", "macro", "call", "block", "do",
    "raw", "autoescape", "varargs", "kwargs",
})  # fmt: skip
#: Names behind a point that could be taken for something else.
_QUOTED = _KEPT | {"items", "keys", "values", "get"}


class Words:
    """One tag. Every fault names the part and the line."""

    def __init__(self, source: str, part: str, line: int) -> None:
        self.part = part
        self.line = line
        self._source = source
        self._found: list[tuple[str, str]] = []
        self._at = 0
        self._depth = 0
        self._read()

    def _read(self) -> None:
        at, end = 0, len(self._source.rstrip())
        while at < end:
            match = _WORD.match(self._source, at, end)
            if match is None:
                self.fail(f"a tag cannot be read at {self._source[at:end].strip()[:20]!r}")
            kind = str(match.lastgroup)
            self._found.append((kind, match[kind]))
            at = match.end()
            if len(self._found) > MOST:
                self.fail(f"has a tag of more than {MOST} words and signs", "template_limit")

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        """Return the kind and the text of a word that comes, ("", "") behind the last."""
        place = self._at + ahead
        return self._found[place] if place < len(self._found) else ("", "")

    def take(self) -> tuple[str, str]:
        """Return the next word."""
        found = self.peek()
        self._at += 1
        return found

    def accept(self, *texts: str) -> str:
        """Take the next word when it is one of these signs or names, whatever the case; "" when it is none."""
        kind, text = self.peek()
        if kind in {"sign", "name"} and text.lower() in texts:
            self._at += 1
            return text.lower()
        return ""

    def expect(self, text: str) -> None:
        """Take a sign or a name that must come."""
        if not self.accept(text):
            self.fail(f"{text!r} is expected before {self.peek()[1][:20]!r}")

    def name(self) -> str:
        """Take a name that must come."""
        kind, text = self.take()
        if kind != "name":
            self.fail(f"a name is expected instead of {text[:20]!r}")
        return text

    def end(self) -> None:
        """Refuse what comes behind."""
        if self.peek()[0]:
            self.fail(f"a tag cannot be read at {self.peek()[1][:20]!r}")

    def deeper(self) -> None:
        """Count a bracket that opens."""
        self._depth += 1
        if self._depth > DEPTH:
            self.fail(f"has more than {DEPTH} brackets within each other", "template_limit")

    def higher(self) -> None:
        """Count a bracket that closes."""
        self._depth -= 1

    def fail(self, detail: str, code: str = "template_syntax", fix: str = "") -> NoReturn:
        """Raise what cannot be read."""
        raise TemplateFault(code, detail, part=self.part, line=self.line, fix=fix)

    def lack(self, what: str, fix: str) -> NoReturn:
        """Raise what the other service has and we lack, by its name."""
        raise TemplateFault("not_supported", f"{what} is not offered", part=self.part, line=self.line, fix=fix)

    def short(self, written: str) -> str:
        """Return what a tag becomes; it may not grow without end."""
        if len(written) > LENGTH:
            self.fail(f"a tag becomes more than {LENGTH} characters", "template_limit", "give parts of it names")
        return written

    def free(self, name: str) -> str:
        """Return a name that means nothing else in our language."""
        if name in _KEPT or name.startswith("__"):
            self.lack(f"the name {name}", "rename the value: our language has another meaning for this name")
        return name


def quoted(text: str) -> str:
    """Write a text as a constant; braces in it open nothing."""
    written = json.dumps(text, ensure_ascii=False)
    return written.replace("{", "\\u007b").replace("}", "\\u007d")


def unquoted(word: str) -> str:
    """Return what a quoted word says."""
    return word[1:-1] if word[0] == "“" else _ESCAPED.sub(lambda found: found[1], word[1:-1])


def field(base: str, name: str) -> str:
    """Write a field of an object."""
    return f"{base}[{quoted(name)}]" if name in _QUOTED else f"{base}.{name}"
