"""Versions that differ in recipient and values only, joined into letters of which each keeps its content once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from estafette.model.letter import Letter, Person


class Batch(msgspec.Struct, frozen=True):
    """A letter, and which versions it carries; with several, each is one of its people, in order."""

    letter: Letter
    places: tuple[int, ...]


def joined(letters: Sequence[Letter], *, personal: bool) -> tuple[Batch, ...]:
    """Return batches for letters, in the order of their first version. personal: a letter is for all, or for one."""
    groups: dict[object, list[int]] = {}
    for place, letter in enumerate(letters):
        groups.setdefault(place if personal else _likeness(letter, place), []).append(place)
    return tuple(batch for places in groups.values() for batch in _batches(letters, places))


def _likeness(letter: Letter, place: int) -> object:
    """Return what letters to be joined have in common; what has several recipients is like no other."""
    if len(letter.to) != 1 or letter.cc or letter.bcc or not letter.to[0].address.isascii():
        return place
    return (
        letter.subject, letter.html, letter.text, letter.template, letter.reply_to, letter.headers, letter.tags,
        tuple(letter.metadata.items()), letter.sandbox, letter.data is None,
    )  # fmt: skip


def _batches(letters: Sequence[Letter], places: Sequence[int]) -> list[Batch]:
    """Return one batch for the first version to each address, and one of its own for each later."""
    first: dict[str, int] = {}
    for place in places:
        first.setdefault(letters[place].to[0].address.lower() if letters[place].to else "", place)
    chosen = tuple(first.values())
    batches = [Batch(letters[place], (place,)) for place in sorted({*places} - {*chosen})]
    if len(chosen) == 1:
        return [Batch(letters[chosen[0]], chosen), *batches]
    people = tuple(Person(letters[place].to[0], letters[place].data or {}) for place in chosen)
    caps = {address: cap for place in chosen for address, cap in letters[place].caps.items()}
    whole = msgspec.structs.replace(letters[chosen[0]], to=(), people=people, data=None, caps=caps)
    return [Batch(whole, chosen), *batches]
