"""The plan of a message: what in it becomes an address of ours, found once, and written for each recipient.

Only texts in HTML, and plain ones where that is wanted; never in what is signed, encrypted, a file, or in another
message. A message that carries a signature of somebody else is left alone.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Literal

import msgspec

from estafette.mail.headers import Head, unfold
from estafette.mail.mime import Part, attached, sealed, spans
from estafette.tracking import html, pixel, text
from estafette.tracking.charset import charset_of, is_wide
from estafette.tracking.destination import LONGEST, destination, normal, tagged
from estafette.tracking.edit import Edit
from estafette.tracking.transfer import Change, Transfer, opened
from estafette.tracking.wide import Wide

#: Octets of a text that is looked at; a longer one stays as it is.
LONGEST_TEXT = 1 << 20
OwnKind = Literal["view", "unsubscribe"]
_OWN: tuple[OwnKind, ...] = ("view", "unsubscribe")
_WORDS: dict[bytes, OwnKind] = {text.UNSUBSCRIBE: "unsubscribe", text.VIEW: "view"}
_LISTED = re.compile(rb"<[ \t]*(https?://[^> \t]+)[ \t]*>", re.IGNORECASE)
_SIGNED = b"-----BEGIN PGP "
_OURS = tuple("couv")


class Wish(msgspec.Struct, frozen=True):
    """What is to be found. links, opens: of HTML; texts: links of plain texts.

    base: ``https://HOST`` of our own addresses, which are left alone. tags: pairs that every link gets in its query.
    """

    base: str
    links: bool = True
    opens: bool = True
    texts: bool = False
    tags: str = ""


class Spot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A place for an address of ours. link: which one of the message, 1-based; url: where it leads now."""

    kind: Literal["click", "open", "view", "unsubscribe"]
    link: int = 0
    url: str = ""


#: Where an address stands in a text, what stands before and behind it in the octets that are changed, and whether those
#: are markup.
_Place = tuple[int, int, bytes, bytes, bool]


class Plan:
    """Texts of one message and the places in them.

    spots: in their order. links: how many of them are links that are measured. own: kinds among them that are each
    recipient's own. kept: by key of the keyring, addresses that are equal for all recipients.
    """

    def __init__(self, texts: Sequence[tuple[Transfer, Sequence[_Place]]], spots: Sequence[Spot]) -> None:
        self.spots = spots
        self.links = sum(spot.kind == "click" for spot in spots)
        found = {spot.kind for spot in spots}
        self.own: list[OwnKind] = [kind for kind in _OWN if kind in found]
        self.kept: dict[int, Sequence[str]] = {}
        self._texts = texts

    def edits(self, addresses: Sequence[str]) -> list[Edit]:
        """Return the edits that write one address (of ``Writer``) into each spot; "" leaves it as it is."""
        made: list[Edit] = []
        at = 0
        for transfer, places in self._texts:
            given = addresses[at : at + len(places)]
            at += len(places)
            made += transfer.edits([
                Change(start, stop, before + address.encode() + after, markup)
                for (start, stop, before, after, markup), address in zip(places, given, strict=True) if address
            ])  # fmt: skip
        return made


NOTHING = Plan((), ())


def planned(message: bytes, head: Head, wish: Wish) -> Plan:
    """Return what is to be written into a message. head: of it."""
    if head.contains(b"dkim-signature"):
        return NOTHING
    search = _Search(head, wish)
    texts = []
    for part, transfer, codec in _texts(message, head):
        search.codec = "utf-8" if is_wide(codec) else codec
        places = search.page(transfer.text) if part.type == b"text/html" else search.plain(transfer.text)
        if places:
            texts.append((transfer, places))
    return Plan(texts, search.spots)


def _texts(message: bytes, head: Head) -> Iterator[tuple[Part, Transfer, str]]:
    """Yield the texts that may be edited, with their codecs."""
    parts = spans(message)
    for index, part in enumerate(parts):
        if part.boundary or part.opaque or part.type not in {b"text/html", b"text/plain"}:
            continue
        if part.stop - part.body > LONGEST_TEXT or (not index and part.body != head.end):
            continue
        if sealed(parts, index) or attached(message, part):
            continue
        transfer = opened(message, part.body, part.stop, part.encoding)
        if transfer is None or _SIGNED in transfer.text:
            continue
        codec = charset_of(message[part.start : part.body], transfer.text)
        if is_wide(codec):
            transfer = Wide.read(transfer, codec)
        if codec and transfer is not None:
            yield part, transfer, codec


class _Search:
    """Finds spots, over all texts of a message. codec: of the text at hand."""

    def __init__(self, head: Head, wish: Wish) -> None:
        self.spots: list[Spot] = []
        self.codec = "utf-8"
        self._wish = wish
        self._links = 0
        self._wanted, self._tags = wish.links, wish.tags
        self._opens = wish.opens
        self._alone = {
            normal(found.decode("latin-1"))
            for value in head.get_all(b"list-unsubscribe")
            for found in _LISTED.findall(unfold(value))
        }  # fmt: skip
        self._ours = tuple(f"{wish.base}/{letter}/" for letter in _OURS)

    def page(self, page: bytes) -> list[_Place]:
        """Return the places of a text in HTML."""
        wish = self._wish
        if not (wish.links or self._opens or b"estafette:" in page.lower()):
            return []
        found = html.scan(page)
        places = [place for anchor in found.anchors if (place := self._link(page, anchor)) is not None]
        if self._opens and found.pixel is not None:
            self._opens = False
            index = bisect_left(places, found.pixel, key=itemgetter(0))
            places.insert(index, (found.pixel, found.pixel, *pixel.AROUND, True))
            self.spots.insert(len(self.spots) - len(places) + 1 + index, Spot("open"))
        return places

    def _link(self, page: bytes, anchor: html.Anchor) -> _Place | None:
        """Note a link of a page; None when it stays."""
        name, start, stop, opted_out, usual = anchor
        value, links = page[start:stop], self._wanted and not opted_out
        if usual and value.count(b"&") == value.count(b"&amp;"):
            if links and self._click(value.decode().replace("&amp;", "&")):
                return (name, stop + 1, page[name:start], b'"', True)
        elif self._spot(value, links=links):
            end = stop + (page[start - 1] == page[stop])  # its quote, if it has any
            return (name, end, page[name:start], page[stop:end], True)
        return None

    def plain(self, plain: bytes) -> list[_Place]:
        """Return the places of a plain text."""
        links = self._wish.texts
        if not (links or b"estafette:" in plain.lower()):
            return []
        return [
            (start, stop, b"", b"", False)
            for start, stop in text.links(plain) if self._spot(plain[start:stop], links=links, markup=False)
        ]  # fmt: skip

    def _spot(self, value: bytes, *, links: bool, markup: bool = True) -> bool:
        """Note what a value becomes; False when it stays."""
        word = _WORDS.get(value.strip().lower())
        if word is not None:
            self.spots.append(Spot(word))
            return True
        return links and self._click(destination(value, self.codec) if markup else normal(value.decode("ascii")))

    def _click(self, address: str) -> bool:
        if not address or len(address) > LONGEST or address in self._alone or address.startswith(self._ours):
            return False
        self._links += 1
        self.spots.append(Spot("click", self._links, tagged(address, self._tags) if self._tags else address))
        return True
