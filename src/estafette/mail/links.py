"""Values that are added to the query of every link of a text in HTML, as statistics of web sites read them."""

from __future__ import annotations

import re
from functools import lru_cache

_LINK = re.compile(
    r"""(<a\b[^<>]*?\shref\s*=\s*)(?:"(?P<double>https?://[^"<>]*)"|'(?P<single>https?://[^'<>]*)')""", re.IGNORECASE
)
_QUERY = re.compile(r"[\w.~%+-]+=[\w.~%+/:,@!$*-]*(?:&[\w.~%+-]+=[\w.~%+/:,@!$*-]*)*", re.ASCII)
LONGEST = 1000


def is_query(text: str) -> bool:
    """Return whether a text is ``name=value`` pairs with ``&`` between them, encoded for a URL (RFC 3986)."""
    return len(text) <= LONGEST and _QUERY.fullmatch(text) is not None


def tagged(html: str, query: str) -> str:
    """Return HTML in which every link to the web has these pairs too; what a link says already stays its own."""
    pairs = _pairs(query)

    def link(found: re.Match[str]) -> str:
        kind = "double" if found["double"] is not None else "single"
        quote = '"' if kind == "double" else "'"
        return f"{found[1]}{quote}{_added(found[kind], pairs)}{quote}"

    return _LINK.sub(link, html) if pairs else html


@lru_cache(maxsize=64)
def _pairs(query: str) -> tuple[tuple[str, str], ...]:
    return tuple((pair.partition("=")[0], pair) for pair in query.split("&") if pair)


def _added(address: str, pairs: tuple[tuple[str, str], ...]) -> str:
    """Add pairs to an address as it stands in an attribute, where ``&`` is ``&amp;``; the fragment stays last."""
    before, hash_sign, fragment = _split(address)
    path, mark, query = before.partition("?")
    said = {part.partition("=")[0] for part in query.replace("&amp;", "&").split("&")}
    added = "&amp;".join(pair for name, pair in pairs if name not in said)
    if not added:
        return address
    between = "&amp;" if query and not query.endswith(("&", "&amp;")) else ""
    return f"{path}{mark or '?'}{query}{between}{added}{hash_sign}{fragment}"


def _split(address: str) -> tuple[str, str, str]:
    """Split at the fragment; the ``#`` of a character reference begins none."""
    found = re.search(r"(?<!&)#", address)
    return (address, "", "") if found is None else (address[: found.start()], "#", address[found.end() :])
