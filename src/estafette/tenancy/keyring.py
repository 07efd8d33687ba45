"""The keyring's administration: a new key, what each key still holds, and sealing again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from estafette.base.seal import SealBroken
from estafette.store.interface.page import Page
from estafette.store.interface.secrets import SealedValue
from estafette.tenancy.office import Office, Resource, listing, moment

#: Links and return paths made with a retired key are good for so long.
OPENS = 2 * 365 * 86400.0
_AT_ONCE = 200


def list_all(office: Office) -> Resource:
    """Return the keys, oldest first: since when, until when they open old links, how many values they hold sealed."""
    held = Counter(office.keyring.key_of(value.sealed) for value in _values(office))
    return listing(
        [
            {
                "id": age.id,
                "created": moment(age.created),
                "retired": moment(age.retired),
                "opens_until": moment(age.retired + OPENS) if age.retired is not None else None,
                "seals": age.id == office.keyring.current,
                "values": held[age.id],
            }
            for age in office.keyring.ages()
        ]
    )


def rotate(office: Office) -> Resource:
    """Add a key, which seals from now on; the others go on opening. Running processes find it by themselves."""
    ring = office.keyring.rotate(now=office.now())
    office.control.record(office.entry("keyring.rotate", subject=str(ring.current)))
    return list_all(msgspec.structs.replace(office, keyring=ring))


def reseal(office: Office) -> Resource:
    """Seal with the newest key what rests under an older one; harmless when repeated.

    unreadable: values that no key of the ring opens; they stay as they are.
    """
    counts: Counter[str] = Counter()
    pending: list[tuple[SealedValue, bytes]] = []
    office.control.record(office.entry("keyring.reseal", subject=str(office.keyring.current)))
    for value in list(_values(office)):
        counts["values"] += 1
        if office.keyring.key_of(value.sealed) == office.keyring.current:
            continue
        try:
            plain = office.keyring.open(value.purpose, value.sealed, value.context)
        except SealBroken:
            counts["unreadable"] += 1
            continue
        pending.append((value, office.keyring.seal(value.purpose, plain, value.context)))
    for start in range(0, len(pending), _AT_ONCE):
        counts["resealed"] += office.control.secrets.replace(pending[start : start + _AT_ONCE])
    return {name: counts[name] for name in ("values", "resealed", "unreadable")}


def _values(office: Office) -> Iterator[SealedValue]:
    for table in office.control.secrets.places():
        after = ""
        while True:
            found = office.control.secrets.values(table, Page(limit=_AT_ONCE, after=after))
            yield from found.items
            if not (after := found.next):
                break
