"""Character references in the value of an attribute (WHATWG HTML, 13.2.5.72): read for the target."""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5

_REFERENCE = re.compile(r"&(?:#(?:[0-9]+|[xX][0-9A-Fa-f]+);?|([A-Za-z0-9]+)(;?)(=?))")


def read(value: str) -> str:
    """Return the value that is meant.

    A name without its semicolon stands for itself where a letter, a digit or ``=`` follows, so that ``?a=1&copy=2``
    stays what it is; ``html.unescape`` is for text, where it does not.
    """
    return _REFERENCE.sub(_character, value) if "&" in value else value


def _character(found: re.Match[str]) -> str:
    name, semicolon, equals = found.groups()
    if name is None:
        return unescape(found[0])
    if equals and not semicolon:
        return found[0]
    character = html5.get(name + semicolon)
    return found[0] if character is None else character + equals
