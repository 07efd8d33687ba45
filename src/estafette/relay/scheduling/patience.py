"""How much longer a deferred delivery waits than the schedule says, by what the reply meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import msgspec

from estafette.base.shipped import table


class Patience(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one category. skip: steps of the schedule that are passed over.

    times: what the step that is then waited for is multiplied by, after the first attempt, the second, ...; the last
    repeats.
    """

    skip: int = 0
    times: tuple[float, ...] = (1.0,)

    def wait(self, waits: Sequence[float], attempts: int) -> float:
        """Return the seconds to wait. waits: the schedule; ``attempts`` are those before the one answered so."""
        step = waits[min(attempts + self.skip, len(waits) - 1)]
        return step * self.times[min(attempts, len(self.times) - 1)]


_USUAL = Patience()


def patience(category: str) -> Patience:
    """Return what a category asks for: nothing, where the file does not name it."""
    return patiences().get(category, _USUAL)


@cache
def patiences() -> Mapping[str, Patience]:
    """Return the shipped figures, by category."""
    return table("estafette.relay.scheduling", "patience.toml", dict[str, Patience])
