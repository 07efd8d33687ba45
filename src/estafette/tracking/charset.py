"""Charsets of parts: those whose octets are edited as they are, those that are written anew, and the rest."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

_NAMED = re.compile(rb"""charset[ \t\r\n]*=[ \t\r\n]*"?([A-Za-z0-9_.:+-]{1,40})""", re.IGNORECASE)
#: In none of these is ``<``, ``>``, a quote, ``=`` or ``/`` part of another character.
_LIKE_ASCII = frozenset({
    "ascii", "utf-8", *(f"iso8859-{part}" for part in range(1, 17)), *(f"cp{page}" for page in range(1250, 1259)),
    "cp874", "tis-620", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "gb2312", "gbk", "gb18030", "big5",
    "big5hkscs", "euc_jp", "euc_kr", "cp949", "shift_jis", "cp932",
})  # fmt: skip
_WIDE = frozenset({"utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"})
_MARKED = {
    "utf-16": ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")),
    "utf-32": ((b"\xff\xfe\x00\x00", "utf-32-le"), (b"\x00\x00\xfe\xff", "utf-32-be")),
}


def charset_of(head: bytes, text: bytes) -> str:
    """Return the codec in which a part's text may be edited, "" when that is not certain.

    head: the part's header section. A label that nobody knows is no obstacle to a text that looks like ASCII, nor is
    none at all; wide characters under the label of narrow ones are.
    """
    found = _NAMED.search(head)
    codec = _codec(found[1].decode().lower()) if found else "utf-8"
    if not codec:
        return "utf-8" if b"<" in text and b"\x1b" not in text and b"\x00" not in text else ""
    for mark, marked in _MARKED.get(codec, ()):
        if text.startswith(mark):
            return marked
    if codec in _WIDE:
        return codec
    if codec not in _LIKE_ASCII or b"\x00" in text[:4]:
        return ""
    return "utf-8" if codec == "ascii" else codec


def is_wide(codec: str) -> bool:
    """Whether ASCII is more than one octet in a codec, so that its texts must be decoded to be read."""
    return codec in _WIDE


@lru_cache(maxsize=256)
def _codec(label: str) -> str:
    """Return Python's name, "" for a label that it does not know."""
    try:
        return codecs.lookup(label).name
    except LookupError:
        return ""
