"""What messages are called: ``<ID@DOMAIN>``, as their own Message-ID says; and the numbers of templates."""

from __future__ import annotations

import re

from estafette.base import ids
from estafette.relay.submission.recall import missing

#: Numbers below are names of templates, those from here on the ids of others.
_NAMED = 1 << 32
_MESSAGE = re.compile(r"<?([0-9A-Za-z]{13})(?:\.([1-9]\d{0,8}))?@[^\s<>@]{1,255}>?")


def shown(message: int, domain: str, number: int = 0) -> str:
    """Return a ``messageId``. number: of the recipient, in a message that each gets of its own; 0 = of all."""
    place = f".{number}" if number else ""
    return f"<{ids.show(message).lower()}{place}@{domain}>"


def read(text: str) -> tuple[int, int]:
    """Return the message that a ``messageId`` names, and its recipient, 0 for all; Wrong 404 when it is none."""
    found = _MESSAGE.fullmatch(text)
    if found is None:
        raise missing()
    try:
        return ids.read(found[1]), int(found[2] or 0)
    except ValueError:
        raise missing() from None


def template_name(number: int) -> str:
    """Return under which name, or id, a template is found that has this number here."""
    return str(number) if number < _NAMED else ids.show(number)


def template_number(name: str, identity: str) -> int:
    """Return the number of a template: its name when that is one, else its id as a number."""
    return int(name) if name.isdecimal() and 0 < int(name) < _NAMED and str(int(name)) == name else ids.read(identity)
