"""The text part that goes with HTML when the sender gave none."""

from __future__ import annotations

import re
from functools import lru_cache
from html.parser import HTMLParser

#: Characters of HTML that are read; a text part is a courtesy, and reading is bounded.
READ = 200_000
_SILENT = frozenset(("script", "style", "head", "title", "template", "noscript"))
_BREAKS = frozenset(
    [
        "p",
        "div",
        "br",
        "tr",
        "table",
        "ul",
        "ol",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "section",
        "article",
        "header",
        "footer",
        "hr",
        "pre",
        "mj-text",
        "mj-section",
        "mj-column",
    ]
)
_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table", "ul", "ol"])
_BLANKS = re.compile(r"[ \t\r\n\f\u00a0]+")
_EMPTY_LINES = re.compile(r"\n{3,}")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BREAKS:
            self.pieces.append("\n\n" if tag in _PARAGRAPHS else "\n")
            if tag == "li":
                self.pieces.append("- ")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.pieces)))
        elif tag == "img" and not self._silent:
            self.pieces.append(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _PARAGRAPHS:
            self.pieces.append("\n\n")
        elif tag == "a" and self._links:
            target, start = self._links.pop()
            shown = "".join(self.pieces[start:]).strip()
            if target and not target.startswith("#") and target.removeprefix("mailto:") != shown:
                self.pieces.append(f" ({target})" if shown else target)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(_BLANKS.sub(" ", data))


@lru_cache(maxsize=32)
def plain(html: str) -> str:
    """Return what HTML says as lines of text: links with their targets, lists with dashes, pictures by their alt."""
    reader = _Reader()
    reader.feed(html[:READ])
    reader.close()
    lines = "\n".join(line.strip() for line in "".join(reader.pieces).split("\n"))
    return _EMPTY_LINES.sub("\n\n", lines).strip()
