"""Where the links of a page in HTML stand, and where a pixel may: a tokenizer that only reads.

It follows the standard's tokenizer (WHATWG HTML, 13.2.5) over octets of any charset in which ``<`` is ``<``. Where two
readers of mail might understand the rest of a page in two ways, it stops: what was found before that stays found, and
nothing behind it is touched. No octet is looked at more often than a fixed number of times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

#: Tags that are looked at one by one, and links that are found; a page with more is read up to there.
MOST_TAGS = 50_000
MOST_LINKS = 10_000

_BLANK = rb"\t\n\f\r "
_VALUE = rb'"[^"]*+(?:"|\Z)|\'[^\']*+(?:\'|\Z)|[^%b>"\'][^%b>]*+|' % (_BLANK, _BLANK)
_ATTRIBUTE = rb"[%b/]*+([^%b/>][^%b/>=]*+)(?:[%b]*+=[%b]*+(%b))?" % (*[_BLANK] * 5, _VALUE)
#: What follows a tag's name. Atomic: when its end is missing, its attributes are not read again in another way.
_REST = rb"(?>(?:%b){0,100})[%b/]*+>" % (_ATTRIBUTE.replace(b"(", b"(?:").replace(b"(?:?", b"(?"), _BLANK)
#: Elements whose content is text, at least to some readers.
_TEXTS = (b"title", b"textarea", b"style", b"script", b"xmp", b"iframe", b"noembed", b"noframes", b"noscript")
#: Start tags that change how what follows is read, grouped by their first letter so that most tags are told at it.
_SWITCHES = (
    rb"(?:t(?:itle|extarea)|s(?:tyle|cript|vg|elect)|n(?:oscript|oembed|oframes)|xmp|iframe|plaintext|math|frameset)"
    rb"[%b/>]" % _BLANK
)
#: An address of the web in the letters of most.
_WEB = rb"https?://[a-z0-9._-]++(?::[0-9]{1,5})?(?:[/?#][!#-;=?-_a-~]*+)?"
_LINK = rb'<a(?:rea)?[%b]++(href)="(%b)"%b' % (_BLANK, _WEB, _REST)
#: A run of what leaves everything as it is, up to the next link in its usual form or something else to be looked at.
_RUN = re.compile(
    rb"(?:[^<]*+(?:"
    rb"</(?!(?:body|select)[%(blank)b/>])[a-z][^%(blank)b/>]*+(?:>|%(rest)b)"
    rb"|<(?!a(?:rea)?[%(blank)b/]|%(switches)b)[a-z][a-z0-9]*+"
    rb'(?:>|(?>(?:\x20[a-z-]++="[^"]*+"){0,100})>|[^%(blank)b/>]*+%(rest)b)'
    rb"|<+(?![a-z/!?])"
    rb"|<!--(?:>|->|[^>-][^-]*+-->)"
    rb"|<(?:[!?](?!--)|/(?![a-z]))[^>]*+>"
    rb")){0,64}[^<]*+(?:%(link)b)?" % {b"blank": _BLANK, b"switches": _SWITCHES, b"rest": _REST, b"link": _LINK}
)
_TAG = re.compile(rb"<(/?[a-z][^%b/>]*+)%b" % (_BLANK, _REST))
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_COMMENT_END = re.compile(rb"--!?>")
_TEXT_ENDS = {name: re.compile(rb"</%b[%b/>]" % (name, _BLANK)) for name in _TEXTS}
_SWITCH = re.compile(rb"<(?:!--|%b)" % _SWITCHES)
#: Elements of pictures and formulas after which a picture or formula goes on.
_DRAWN = frozenset({
    b"g", b"path", b"circle", b"rect", b"ellipse", b"line", b"polyline", b"polygon", b"text", b"tspan", b"defs", b"use",
    b"lineargradient", b"radialgradient", b"stop", b"clippath", b"mask", b"pattern", b"symbol", b"image",
})  # fmt: skip
_MOST_DRAWN = 5_000
_CAPTION = re.compile(rb"<(title|desc)>[^<]*+</\1>")
#: Attributes by which a link asks not to be tracked, as services that are moved from have them; b"" = any value.
OPT_OUTS = {
    b"data-estafette-track": b"off", b"clicktracking": b"off", b"disable-tracking": b"true",
    b"mc:disable-tracking": b"", b"data-pm-no-track": b"",
}  # fmt: skip


#: One ``href`` of an ``a`` or ``area``: where its name begins; where its value begins and ends, without quotes; whether
#: the tag says that it is not to be tracked, see ``OPT_OUTS``; whether the value stands between double quotes and is an
#: address of the web in ASCII, but for references to characters.
Anchor = tuple[int, int, int, bool, bool]


class Page(msgspec.Struct, frozen=True):
    """What was found. pixel: before the last ``</body>``, else the end; None when that place is not certain.

    whole: whether all of it was read.
    """

    anchors: list[Anchor]
    pixel: int | None
    whole: bool


def scan(html: bytes) -> Page:
    """Return the links of a page in their order, and the place for a pixel."""
    reading = _Reading(html.lower())
    whole = reading.run()
    pixel = reading.body
    if pixel is None and whole:
        pixel = len(html.rstrip(b"\r\n"))
    return Page(reading.anchors, pixel, whole)


class _Reading:
    """One pass over a page in lower case."""

    def __init__(self, page: bytes) -> None:
        self.page = page
        self.anchors: list[Anchor] = []
        self.body: int | None = None
        self._choosing = False

    def run(self) -> bool:
        """Read to the end; False when it stopped before it."""
        page, at, size, anchors = self.page, 0, len(self.page), self.anchors
        wary, seen, match = b"track" in page, 0, _RUN.match
        while at < size:
            run = match(page, at)
            assert run is not None  # it may be empty
            if run.lastindex:
                name, at = run.start(1), run.end()
                # A link that may say something about tracking is read attribute by attribute.
                opted_out = wary and _opts_out(page, page.rindex(b"<", 0, name), at)
                anchors.append((name, *run.span(2), opted_out, True))
            elif run.end() > at:
                at = run.end()
                continue
            elif (after := self._remarkable(at)) is not None:
                at = after
            else:
                return False
            seen += 1
            if seen > MOST_TAGS or len(anchors) > MOST_LINKS:
                del anchors[MOST_LINKS:]
                return False
        return True

    def _remarkable(self, at: int) -> int | None:
        """Take in what stands here and return where it ends, None when it has no certain end."""
        page = self.page
        if page.startswith(b"<!--", at):
            end = _COMMENT_END.search(page, at + 4)
            return end.end() if end else None
        tag = _TAG.match(page, at)
        if tag is None:
            return None
        name = tag[1]
        if name in {b"a", b"area"}:
            self.anchors += _anchor(page, *tag.span())
            return tag.end()
        if name == b"/body":
            self.body = at
        elif name in {b"select", b"/select"}:
            self._choosing = name == b"select"
        elif name in _TEXT_ENDS:
            return self._text(name, tag.end())
        elif name in {b"svg", b"math"}:
            # Whether "/" closes it at once is told differently by readers.
            return None if page.endswith(b"/>", at, tag.end()) else self._drawing(name, tag.end())
        elif name in {b"plaintext", b"frameset"}:
            return None
        return tag.end()

    def _text(self, name: bytes, start: int) -> int | None:
        """Pass over an element of text; None when a reader might see its end elsewhere."""
        end = _TEXT_ENDS[name].search(self.page, start)
        if end is None or (self._choosing and name != b"script"):
            return None
        if name == b"noscript" and _SWITCH.search(self.page, start, end.start()):
            return None
        if name == b"script":
            hidden = self.page.find(b"<!--", start, end.start())
            if hidden >= 0 and self.page.find(b"<script", hidden, end.start()) >= 0:
                return None
        return end.start()

    def _drawing(self, name: bytes, at: int) -> int | None:
        """Pass over a picture, where other rules hold (13.2.6.5); None unless it is made of plain shapes."""
        for _ in range(_MOST_DRAWN):
            at = self.page.find(b"<", at)
            if at < 0:
                return None
            if found := _CAPTION.match(self.page, at):
                at = found.end()
                continue
            tag = _TAG.match(self.page, at)
            if tag is None:
                return None
            if tag[1] == b"/" + name:
                return tag.end()
            if tag[1].lstrip(b"/") not in _DRAWN:
                return None
            at = tag.end()
        return None


def _anchor(page: bytes, start: int, stop: int) -> list[Anchor]:
    """Return the first ``href`` of a tag, if it has one with a value."""
    for name, at, first, last in _attributes(page, start, stop):
        if name == b"href":
            return [(at, first, last, _opts_out(page, start, stop), False)] if first >= 0 else []
    return []


def _opts_out(page: bytes, start: int, stop: int) -> bool:
    """Whether an attribute of a tag says so; each of those has the same word in its name."""
    return page.find(b"track", start, stop) >= 0 and any(
        (wanted := OPT_OUTS.get(name)) is not None and wanted in {b"", page[first:last]}
        for name, _, first, last in _attributes(page, start, stop)
    )


def _attributes(page: bytes, start: int, stop: int) -> Iterator[tuple[bytes, int, int, int]]:
    """Yield the attributes of a tag: name, where it begins, where its value begins and ends, -1 without one."""
    found = _ATTRIBUTES.match(page, start + 1, stop - 1)
    while found is not None:
        first, last = found.span(2)
        if page[first : first + 1] in {b'"', b"'"} and first >= 0:
            first, last = first + 1, last - 1
        yield found[1], found.start(1), first, last
        found = _ATTRIBUTES.match(page, found.end(), stop - 1)
