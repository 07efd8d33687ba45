"""Many phrases looked for at once: found by one of their words, then compared.

A text of n words costs n look-ups, and a comparison for each phrase whose word stands in it; both are linear in the
text, whoever wrote it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from estafette.smtp.classification.wording import spoken

T = TypeVar("T")
GAP = " .. "


class Phrases(Generic[T]):
    """What belongs to which phrase; each phrase is kept under the one of its words that fewest phrases have."""

    def __init__(self, phrases: Iterable[tuple[str, T]]) -> None:
        parsed = [(tuple(spoken(part) for part in phrase.split(GAP)), value) for phrase, value in phrases]
        usage = Counter(word for parts, _ in parsed for word in {word for part in parts for word in part.split()})
        self._by_word: dict[str, list[tuple[tuple[str, ...], T]]] = {}
        for parts, value in parsed:
            words = [word for part in parts for word in part.split()]
            if not words:
                raise ValueError("a phrase without words")
            key = min(words, key=lambda word: (usage[word], -len(word), word))
            self._by_word.setdefault(key, []).append((parts, value))

    def found(self, text: str) -> Iterator[T]:
        """Yield what belongs to the phrases in a text that ``spoken`` returned."""
        by_word = self._by_word
        for word in by_word.keys() & set(text.split()):
            for parts, value in by_word[word]:
                if _stand(parts, text):
                    yield value


def _stand(parts: tuple[str, ...], text: str) -> bool:
    place = 0
    for part in parts:
        found = text.find(part, place)
        if found < 0:
            return False
        # The space that ends a part may begin the next one.
        place = found + len(part) - 1
    return True
