"""Links of a plain text: addresses of the web as readers of mail recognise them."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: The words that stand for the recipient's own links, in texts and as the target of a link.
UNSUBSCRIBE, VIEW = b"estafette:unsubscribe", b"estafette:view"
_LINK = re.compile(
    rb"(?<![A-Za-z0-9])(?:https?://[!#-;=?-~]+|(?:%b|%b)(?![A-Za-z0-9]))" % (UNSUBSCRIBE, VIEW), re.IGNORECASE
)
_TRAILING = b".,;:!?'*_)]}|"


def links(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield the spans of the links; punctuation behind one belongs to the sentence."""
    for found in _LINK.finditer(text):
        start, stop = found.span()
        link = found[0]
        while (shorter := _without_mark(link)) != link:
            link = shorter
        yield start, min(stop, start + len(link))


def _without_mark(link: bytes) -> bytes:
    """Return a link without its last mark; a bracket that was opened inside of it stays."""
    if link[-1:] == b")" and link.count(b")") <= link.count(b"("):
        return link
    return link[:-1] if link[-1] in _TRAILING else link
