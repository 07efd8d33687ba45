"""Forms of lists: which service wrote one, told by the names of its columns (``formats.toml``)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

import msgspec

from estafette.base.shipped import table

_BETWEEN = re.compile(r"[\s_-]+")


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the file; the file says what the fields mean. own_reason: column of the reason in our own words."""

    name: str
    source: str
    columns: tuple[str, ...]
    address: str
    exactly: bool = False
    created: str = ""
    reply: str = ""
    status: str = ""
    expires: str = ""
    stream: str = ""
    event: str = ""
    message: str = ""
    observed: str = ""
    own_reason: str = ""
    reason: str = ""
    by: tuple[str, ...] = ()
    reasons: dict[str, str] = {}

    def fits(self, names: Sequence[str]) -> bool:
        """Return whether a first line with these names is of this form."""
        return set(self.columns) == set(names) if self.exactly else set(self.columns) <= set(names)

    def reason_of(self, row: Mapping[str, str]) -> str:
        """Return the reason of a row, "" when the row says that the address is not suppressed."""
        if self.own_reason:
            return row.get(self.own_reason, "").strip() or "imported"
        if not self.by:
            return self.reason
        values = [plain(row.get(name, "")) for name in self.by]
        for key in ("/".join(values), f"{values[0]}/*", "*"):
            if key in self.reasons:
                return self.reasons[key]
        return ""


def plain(name: str) -> str:
    """Return a name or value as forms compare it."""
    return _BETWEEN.sub("", name.strip().lower().lstrip("\ufeff"))


def recognise(names: Sequence[str]) -> Form | None:
    """Return the form of a list by the names in its first line, None when it is none that is known."""
    return next((form for form in forms() if form.fits([plain(name) for name in names])), None)


def named(name: str) -> tuple[Form, ...]:
    """Return the forms of a name."""
    return tuple(form for form in forms() if form.name == name)


@cache
def forms() -> tuple[Form, ...]:
    """Return the forms, in the order in which they are tried."""
    return table("estafette.suppression", "formats.toml", dict[str, tuple[Form, ...]])["form"]
