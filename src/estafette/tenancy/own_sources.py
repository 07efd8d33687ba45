"""Our own source addresses as the world sees them: what changed between two looks, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from estafette.tenancy import letters, operator_alerts
from estafette.tenancy.office import Office

#: Word of the letter, as ``letters.toml`` has it.
Change = Literal["source-listed", "source-clear", "source-unnamed", "source-named"]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One fact about an address: what a list says (about: its zone), or its name (about: "").

    state: ``listed``, ``clear``, ``wrong``, ``good``, or ``unknown``. said: in words. removal: page of the list.
    """

    address: str
    about: str
    state: str
    name: str = ""
    said: str = ""
    removal: str = ""


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What one look has seen. at: unix seconds."""

    at: float = 0.0
    views: tuple[View, ...] = ()


_BAD: Mapping[str, Change] = {"listed": "source-listed", "wrong": "source-unnamed"}
_GOOD: Mapping[str, Change] = {"clear": "source-clear", "good": "source-named"}


def merged(before: Sight, seen: Iterable[View], now: float) -> Sight:
    """Return what is known after a look: where nobody can tell, what was known before holds."""
    known = {(each.address, each.about): each for each in before.views}
    views = []
    for view in seen:
        was = known.get((view.address, view.about))
        views.append(was if view.state == "unknown" and was is not None else view)
    return Sight(at=now, views=tuple(views))


def changes(before: Sight, after: Sight) -> list[tuple[Change, View]]:
    """Return what is to be told: what became bad, or was bad from the first look on, and what is good again."""
    known = {(each.address, each.about): each.state for each in before.views}
    found = []
    for view in after.views:
        was = known.get((view.address, view.about), "unknown")
        if view.state in _BAD and was != view.state:
            found.append((_BAD[view.state], view))
        elif view.state in _GOOD and was in _BAD:
            found.append((_GOOD[view.state], view))
    return found


def tell(office: Office, change: Change, view: View) -> None:
    """Tell those who run the service: an entry of the audit, and a ticket."""
    words = {
        "address": view.address,
        "list": view.name or "-",
        "said": view.said or "-",
        "removal": view.removal or "-",
    }
    said = letters.said(change, office.languages(), lambda _language: words)
    detail = f"{view.name}: {view.said}" if view.name else view.said
    office.control.record(office.entry(change.replace("-", ".", 1), subject=view.address, detail=detail))
    operator_alerts.tell(office, said.subject, said.text)
