"""What servers said to the mail of streams, from events to counters; pure but for the books it is given."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from estafette.model.event import LATE, Event
from estafette.smtp.classification import vocabulary
from estafette.store.interface.plans import Books
from estafette.store.interface.reputation import SPELL, Spell
from estafette.tenancy.rules import shipped

#: (tenant, start, stream, site)
_Key = tuple[str, int, str, str]
_ENDS = frozenset({"delivered", "sent", "bounced"})
#: Seconds for which a site that has blocked something has counters of its own.
WATCHED = 86_400


def counted(events: Iterable[Event]) -> dict[_Key, Spell]:
    """Return the counters of events by stretch, stream and site; personal mail is counted without its sites."""
    found: dict[_Key, Spell] = {}
    for event in events:
        kind = event.kind
        if (kind in _ENDS or kind == "deferred") and event.tenant:
            site = "" if event.private else event.site
            key = (event.tenant, int(event.at) // SPELL * SPELL, event.stream, site)
            spell = found.get(key)
            if spell is None:
                spell = found[key] = Spell(tenant=key[0], start=key[1], stream=key[2], site=site)
            _count(spell, event)
    return found


def add(books: Books, found: dict[_Key, Spell]) -> None:
    """Add counters to the books: of each stream as a whole, and of its sites that block, or have of late."""
    if not found:
        return
    known = books.known({key[0] for key in found})
    since = min(key[1] for key in found) - WATCHED
    watched = books.watched(known, since) | {_place(spell) for spell in found.values() if spell.blocked}
    rows: dict[_Key, Spell] = {}
    for spell in found.values():
        if spell.tenant in known:
            _merge(rows, spell, "")
            if spell.site and _place(spell) in watched:
                _merge(rows, spell, spell.site)
    books.add_spells(list(rows.values()))


def _place(spell: Spell) -> tuple[str, str, str]:
    return spell.tenant, spell.stream, spell.site


def _merge(rows: dict[_Key, Spell], spell: Spell, site: str) -> None:
    key = (spell.tenant, spell.start, spell.stream, site)
    row = rows.setdefault(key, Spell(tenant=spell.tenant, start=spell.start, stream=spell.stream, site=site))
    row.attempted += spell.attempted
    row.deferred += spell.deferred
    row.hard += spell.hard
    row.unknown += spell.unknown
    row.blocked += spell.blocked


def _count(spell: Spell, event: Event) -> None:
    if event.kind == "deferred":
        spell.deferred += 1
    elif event.kind != "bounced" or event.reason != LATE:
        # What is reported late was counted when it was taken.
        spell.attempted += 1
    if event.kind in {"bounced", "deferred"}:
        meaning = shipped().counted
        category = event.category or meaning.reasons.get(event.reason, "")
        spell.blocked += category in meaning.blocked
        if event.kind == "bounced":
            spell.hard += _family(category) in meaning.hard
            spell.unknown += category in meaning.unknown


@cache
def _family(category: str) -> str:
    known = vocabulary().get(category)
    return known.bounce if known is not None else "unknown"
