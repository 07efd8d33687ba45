"""Octets of a stranger as text, whatever character set they claim."""

from __future__ import annotations

import re

#: Character sets whose decoders are fast on every input; others are read as if they were none.
_FAST = re.compile(
    r"utf-?8|us-ascii|iso-?8859-\d{1,2}|latin-?1|windows-12\d\d|cp\d{3,4}|koi8-[ru]|gb2312|gbk|gb18030|big5"
    r"|euc-(?:jp|kr)|shift_jis|iso-2022-jp|utf-16(?:le|be)?"
)


def decoded(data: bytes, charset: str = "utf-8") -> str:
    """Return octets as text; what fits no character set is read as ISO 8859-1, or becomes question marks."""
    name = charset.lower()
    name = name if _FAST.fullmatch(name) else "utf-8"
    try:
        return data.decode(name, "strict" if name == "utf-8" else "replace")
    except (UnicodeError, LookupError):
        return data.decode("latin-1")
