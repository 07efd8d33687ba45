"""A reply as somebody wrote it down: in a log, in a report, on a command line."""

from __future__ import annotations

import re

from estafette.model.event import Reply
from estafette.smtp.classification.wording import LONGEST

#: ``smtp; 550 5.1.1 text``, ``550-5.1.1 text``, ``550 text``, ``5.1.1 text``, ``text``.
_REPLY = re.compile(
    r"\s{0,8}(?:(?:smtp|x-[a-z-]{1,20})\s?;\s{0,4})?"
    r"(?:([245][0-9]{2})(?=[\s:#-]|$)[\s:#-]{0,4})?"
    r"(?:[#(]?([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])[):]?)?",
    re.IGNORECASE,
)
#: A code within the text, where it did not stand in front.
_WITHIN = re.compile(r"(?<![0-9.])([245]\.[0-9]\.[0-9]{1,3})(?![0-9.])")


def written(line: str) -> Reply:
    """Return the reply that a line shows; code 0 when it names none. Never raises."""
    line = line[: 2 * LONGEST]
    match = _REPLY.match(line)
    assert match is not None
    code, enhanced, text = int(match[1] or 0), match[2] or "", line[match.end() :].strip()
    if not enhanced:
        within = _WITHIN.search(text)
        if within is not None and (not code or int(within[1][0]) == code // 100):
            enhanced = within[1]
    return Reply(code, enhanced, text)
