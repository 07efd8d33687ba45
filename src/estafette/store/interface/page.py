"""A page of a list, by key and never by offset: no page costs more than another."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

Item = TypeVar("Item")


class BadCursor(ValueError):
    """What was given as ``after`` is no ``next`` of a page before."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. after: the cursor that the page before ended with, "" for the first page."""

    limit: int = 100
    after: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= 1000:
            raise BadCursor("a page has 1 to 1000 items")

    def key(self, *kinds: type) -> list[object] | None:
        """Return the values after which this page begins, None for the first; BadCursor unless they fit ``kinds``."""
        if not self.after:
            return None
        try:
            values = json.loads(base64.urlsafe_b64decode(self.after + "=" * (-len(self.after) % 4)))
        except (ValueError, binascii.Error, RecursionError):
            raise BadCursor("after is no cursor; give next of the page before") from None
        if not isinstance(values, list) or len(values) != len(kinds):
            raise BadCursor("after is no cursor of this list; give next of the page before")
        for value, kind in zip(values, kinds, strict=True):
            fits = isinstance(value, int | float) if kind in {int, float} else isinstance(value, kind)
            if not fits or (isinstance(value, str) and "\0" in value) or (isinstance(value, int) and abs(value) >> 63):
                raise BadCursor("after is no cursor of this list; give next of the page before")
        return values


#: What the command line asks for when nothing is said.
FIRST = Page(limit=1000)


class Paged(msgspec.Struct, Generic[Item], frozen=True):
    """What was found. next: cursor of the page that follows, "" at the end."""

    items: tuple[Item, ...]
    next: str = ""


def cursor(values: Sequence[object]) -> str:
    """Return the cursor that stands after these values."""
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")
