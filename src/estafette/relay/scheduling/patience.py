"""How long a deferred delivery waits at least, by what the reply meant."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec

from estafette.base.shipped import table


class Patience(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one category. steps: seconds at least after the first attempt, the second, ...; the last repeats.

    hint: seconds below which a time that the peer named is not believed.
    """

    steps: tuple[float, ...] = ()
    hint: float = 0.0

    def least(self, attempts: int) -> float:
        """Return the seconds to wait at least; ``attempts`` are those before the one that was answered so."""
        return self.steps[min(attempts, len(self.steps) - 1)] if self.steps else 0.0


_USUAL = Patience()


def patience(category: str) -> Patience:
    """Return what a category asks for: nothing, where the file does not name it."""
    return patiences().get(category, _USUAL)


@cache
def patiences() -> Mapping[str, Patience]:
    """Return the shipped figures, by category."""
    return table("estafette.relay.scheduling", "patience.toml", dict[str, Patience])
