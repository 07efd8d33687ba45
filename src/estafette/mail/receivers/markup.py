"""XML of a report as a stream of elements, within bounds.

No document type, so no entities; nothing outside is ever fetched. All octets are given to expat at once: before its
release 2.6 a token in many pieces was scanned again with each of them (CVE-2023-52425).
"""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

from estafette.mail.receivers.fault import Unreadable

#: Levels of elements, how many there are, and characters of the text of one.
DEEPEST, ELEMENTS, TEXT = 16, 400_000, 2_000

#: Called with the names of the elements from the root to one, without namespaces.
Begin = Callable[[tuple[str, ...]], None]
#: Called with the same and the element's own text when it ends.
End = Callable[[tuple[str, ...], str], None]


def walk(octets: bytes, begin: Begin, end: End) -> str:
    """Call for every element; return the namespace of the root, "" without one. Unreadable."""
    walker = _Walker(begin, end)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartDoctypeDeclHandler = walker.refuse
    parser.EntityDeclHandler = walker.refuse
    parser.ExternalEntityRefHandler = walker.refuse
    parser.StartElementHandler = walker.start
    parser.EndElementHandler = walker.end
    parser.CharacterDataHandler = walker.characters
    try:
        parser.Parse(octets, True)
    except Unreadable:
        raise
    except (expat.ExpatError, LookupError, ValueError) as error:  # an unknown encoding is a LookupError
        raise Unreadable("markup", f"no XML: {str(error)[:200]}") from None
    return walker.namespace


class _Walker:
    def __init__(self, begin: Begin, end: End) -> None:
        self.namespace = ""
        self._begin = begin
        self._end = end
        self._path: tuple[str, ...] = ()
        self._texts: list[str] = []
        self._count = 0

    def refuse(self, *_declared: object) -> int:
        raise Unreadable("markup", "a document type is not read")

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._path) >= DEEPEST or self._count > ELEMENTS:
            raise Unreadable("markup", f"more than {DEEPEST} levels or {ELEMENTS} elements")
        namespace, _, local = name.rpartition(" ")
        if not self._path:
            self.namespace = namespace
        self._path = (*self._path, local[:64])
        self._texts.append("")
        self._begin(self._path)

    def end(self, _name: str) -> None:
        path, self._path = self._path, self._path[:-1]
        self._end(path, self._texts.pop().strip())

    def characters(self, text: str) -> None:
        if len(self._texts[-1]) < TEXT:
            self._texts[-1] += text[:TEXT]
