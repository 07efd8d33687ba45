"""Where a link leads: the value of an ``href`` as a browser would ask for it, and the pairs that are added to it."""

from __future__ import annotations

import re
from functools import lru_cache

import idna

from estafette.tracking import reference

#: Octets of a destination that a token still carries; longer links stay as they are.
LONGEST = 2_000
_PLAIN = re.compile(rb"https?://[A-Za-z0-9._-]++(?::[0-9]{1,5})?(?:[/?#](?:[!#$%'-;=?-_a-~]++|&amp;)*)?")
_WEB = re.compile(r"(https?)://([^/?#\\]*)([/\\]?[^?#]*)(\?[^#]*)?(#.*)?", re.IGNORECASE | re.DOTALL)
_EDGES = "".join(map(chr, range(33)))
_BROKEN = dict.fromkeys(map(ord, "\t\r\n"))
_UNSAFE = re.compile(r"[^!-~]|[\"<>`]")
_HOST = re.compile(r"[A-Za-z0-9._-]+(?::[0-9]{1,5})?")


def destination(value: bytes, charset: str) -> str:
    """Return the address of the web that a value stands for, in ASCII; "" for anything else, and for what is unsure.

    value: as it stands in the page, between the quotes. charset: a codec of Python. Blanks around it and line ends
    inside are left out, and what is not ASCII is encoded, as the standard of URLs says (WHATWG URL, 4.4).
    """
    if _PLAIN.fullmatch(value) and len(value) <= LONGEST:
        return value.decode("ascii").replace("&amp;", "&")
    try:
        address = reference.read(value.decode(charset))
    except UnicodeDecodeError:
        return ""
    return normal(address, utf8=charset == "utf-8")


def normal(address: str, *, utf8: bool = True) -> str:
    """Return an address of the web in ASCII, "" when it is none. utf8: whether a query is encoded as UTF-8."""
    address = address.strip(_EDGES).translate(_BROKEN)
    parts = _WEB.fullmatch(address)
    if parts is None or not address.isprintable():
        return ""
    scheme, host, path, query, fragment = (part or "" for part in parts.groups())
    # A form of another charset encodes its query in that; a reader that shows it in UTF-8 does not.
    if not (host := _ascii(host)) or (not utf8 and not query.isascii()):
        return ""
    whole = f"{scheme}://{host}" + "".join(_UNSAFE.sub(_encoded, part) for part in (path, query, fragment))
    return whole if len(whole) <= LONGEST else ""


def tagged(address: str, tags: str) -> str:
    """Return an address whose query has these pairs too (``utm_source=..``, ``&`` between them).

    What it says already stays its own, and its fragment stays last.
    """
    before, hash_sign, fragment = address.partition("#")
    path, mark, query = before.partition("?")
    said = {part.partition("=")[0] for part in query.split("&")}
    added = "&".join(pair for name, pair in _pairs(tags) if name not in said)
    if not added:
        return address
    between = "&" if query and not query.endswith("&") else ""
    whole = f"{path}{mark or '?'}{query}{between}{added}{hash_sign}{fragment}"
    return whole if len(whole) <= LONGEST else address


@lru_cache(maxsize=64)
def _pairs(tags: str) -> tuple[tuple[str, str], ...]:
    return tuple((pair.partition("=")[0], pair) for pair in tags.split("&") if pair)


def _ascii(host: str) -> str:
    """Return a host and its port in ASCII (UTS 46), "" for what a person might be misled by: a login, a bad name."""
    if not host.isascii():
        name, colon, port = host.partition(":")
        try:
            host = idna.encode(name, uts46=True).decode() + colon + port
        except idna.IDNAError:
            return ""
    return host if _HOST.fullmatch(host) else ""


def _encoded(found: re.Match[str]) -> str:
    return "".join(f"%{octet:02X}" for octet in found[0].encode("utf-8", "surrogatepass"))
