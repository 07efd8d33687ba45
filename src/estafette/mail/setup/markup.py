"""XML of strangers, read within bounds: no document type, so no entities; nothing outside of it is ever fetched."""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

import msgspec

#: Octets of a document, levels of its elements, and how many they are.
MOST, DEEPEST, ELEMENTS = 64 * 1024, 20, 2_000


class MarkupError(ValueError):
    """Octets that are no XML, or more than anybody needs."""


class Element(msgspec.Struct):
    """An element. name: without its namespace. text: what stands directly in it, without white space around."""

    name: str
    attributes: dict[str, str]
    children: list[Element]
    text: str = ""

    def all(self, name: str) -> Iterator[Element]:
        """Return its children of a name."""
        return (child for child in self.children if child.name == name)

    def said(self, name: str) -> str:
        """Return the text of its first child of a name, "" without one."""
        return next((child.text for child in self.all(name)), "")


def read(octets: bytes) -> Element:
    """Return the outermost element; MarkupError."""
    if len(octets) > MOST:
        raise MarkupError(f"more than {MOST} octets")
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    try:
        parser.Parse(octets, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise MarkupError(str(error)[:200]) from None
    return reader.root


class _Reader:
    def __init__(self) -> None:
        self.root = Element("", {}, [])
        self._open: list[Element] = []
        self._count = 0

    def refuse(self, *_declared: object) -> None:
        raise MarkupError("a document type is not read")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= DEEPEST or self._count > ELEMENTS:
            raise MarkupError(f"more than {DEEPEST} levels or {ELEMENTS} elements")
        made = Element(name.rpartition(" ")[2], attributes, [])
        if self._open:
            self._open[-1].children.append(made)
        else:
            self.root = made
        self._open.append(made)

    def end(self, _name: str) -> None:
        done = self._open.pop()
        done.text = done.text.strip()

    def characters(self, text: str) -> None:
        self._open[-1].text += text
