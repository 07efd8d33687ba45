"""Rows decided of late. A read, or a push, that began before the commit brings them as they were: it must not count."""

from __future__ import annotations

ENDED = float("inf")


class Recent:
    """By row, the due time up to which a copy of it is out of date; two generations, the older one is forgotten.

    A decision moves a row to a later due time or ends it, so a copy of an earlier due time was taken before.
    """

    def __init__(self) -> None:
        self._new: dict[int, float] = {}
        self._old: dict[int, float] = {}

    def note(self, key: int, due: float) -> None:
        """Remember a row: copies due at ``due`` or before are out of date; ``ENDED`` when all are."""
        self._new[key] = due

    def outdated(self, key: int, due: float) -> bool:
        """Return whether a copy of a row, due then, was taken before the last decision on it."""
        known = self._new.get(key)
        if known is None:
            known = self._old.get(key)
        return known is not None and due <= known

    def age(self) -> None:
        """Forget what was noted before the last call: no read or push is under way for so long."""
        self._old, self._new = self._new, {}
