"""``and`` and ``not`` of foreign conditions; what they join is each language's own."""

from __future__ import annotations

from abc import ABC, abstractmethod

from estafette.mail.templates.foreign.arithmetic import Written
from estafette.mail.templates.foreign.words import Words


class Logic(ABC):
    """Reads conditions from ``and`` downward."""

    @abstractmethod
    def compared(self, words: Words) -> Written:
        """Read a comparison, or a value alone."""

    def every(self, words: Words) -> Written:
        """Read what ``and`` joins."""
        found = self._negated(words)
        while words.accept("and"):
            found = joined(words, found, "and", self._negated(words))
        return found

    def _negated(self, words: Words) -> Written:
        if not words.accept("not"):
            return self.compared(words)
        words.deeper()
        found = self._negated(words)
        words.higher()
        return Written(words.short(f"not {found.closed}"), "other")


def joined(words: Words, left: Written, sign: str, right: Written) -> Written:
    """Write two conditions, or two values, with a sign between them."""
    return Written(words.short(f"{left.closed} {sign} {right.closed}"), "other")
