"""Where a link leads: as a Location bears it, and as reports name it."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

#: What may stand in a Location as it is: the scheme, a host, and printable ASCII without white space.
_PLAIN = re.compile(r"https?://(?![/?#\\])[!-~]+", re.IGNORECASE)
_KEPT = "%!#$&'()*+,/:;=?@[]~-._"
#: A step of a path with something before an at sign; ``@ann`` alone is how some sites name a page.
_ADDRESS = re.compile(r"[^/@]+(?:@|%40)[^/]*")
#: Characters of a label.
_LABEL = 500


def leading_to(url: str) -> bytes | None:
    """Return a URL as a Location bears it (RFC 9110 section 10.2.2), None for what is not of http or https."""
    if _PLAIN.fullmatch(url):
        return url.encode("ascii")
    try:
        parts = urlsplit(url)
        host = parts.netloc.encode("idna").decode() if not parts.netloc.isascii() else parts.netloc
        written = quote(parts._replace(netloc=host).geturl(), safe=_KEPT)
    except (ValueError, UnicodeError):
        return None
    return written.encode("ascii") if _PLAIN.fullmatch(written) else None


def label(url: str) -> str:
    """Return the name of a link in reports: no query, no fragment, no user name, since these may name a person.

    A step of the path that holds a mail address is shown as ``...``.
    """
    scheme, separator, rest = url.partition("://")
    rest = rest.partition("#")[0].partition("?")[0]
    host, slash, path = rest.partition("/")
    if "@" in path or "%40" in path:
        path = _ADDRESS.sub("...", path)
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"[:_LABEL]
