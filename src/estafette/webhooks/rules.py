"""What the operator decides about calls, and what a call becomes by what was answered."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from estafette.model.webhook import Call
from estafette.webhooks.caller import Outcome
from estafette.webhooks.schedule import wait

#: Attempts that a call remembers.
REMEMBERED = 12


class Rules(msgspec.Struct, frozen=True):
    """waits: seconds before each further attempt. disable_after: of failures alone, until a webhook is disabled.

    keep: seconds that ended calls are logged.
    """

    waits: Sequence[float]
    disable_after: float
    keep: float

    def judged(self, call: Call, outcome: Outcome, now: float, chance: float) -> Call:
        """Return a call after a request."""
        told = msgspec.to_builtins(outcome.attempt)
        after = msgspec.structs.replace(
            call, tried=call.tried + 1, tries=(*call.tries, told)[-REMEMBERED:], due=None, state="pending"
        )
        if outcome.verdict == "done":
            return msgspec.structs.replace(after, state="done", ended=now)
        seconds = wait(self.waits, after.tried, outcome.wish, chance)
        if seconds is None:
            return msgspec.structs.replace(after, state="failed", ended=now)
        return msgspec.structs.replace(after, due=now + seconds)
