"""The policy: which events suppress an address, at once or after how many, and for how long (``policy.toml``)."""

from __future__ import annotations

from functools import cache

import msgspec

from estafette.base.shipped import table
from estafette.model.event import SIMULATED, Event

DAY = 86_400
#: What the log says of a message that was not delivered in the end.
_ENDS = frozenset({"bounced", "failed"})

#: Reason of entries that a reply makes which says that the address is no use.
HARD = "bounced"
#: Reason of entries that recipients make, and lift: who leaves may come back.
LEFT = "unsubscribed"


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the policy; the file says what the fields mean."""

    name: str
    categories: frozenset[str]
    scopes: frozenset[str]
    reason: str
    bounces: int
    within_days: int
    spread_days: int
    lasts_days: int

    def met(self, days: dict[int, int]) -> bool:
        """Return whether soft bounces by day are enough."""
        recent = [day for day in days if day > max(days) - self.within_days]
        enough = sum(days[day] for day in recent) >= self.bounces
        return enough and max(recent) - min(recent) >= self.spread_days


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Reasons that others do not replace, the strongest first; and those that any other replaces."""

    stays: tuple[str, ...]
    yields: tuple[str, ...]

    def rank(self, reason: str) -> int:
        """Return how strong a reason is: lower is stronger."""
        if reason in self.stays:
            return self.stays.index(reason)
        return len(self.stays) + (1 + self.yields.index(reason) if reason in self.yields else 0)


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    version: int
    personal: bool
    rule: tuple[Rule, ...]
    local: dict[str, tuple[str, str]]
    at_once: dict[str, str]
    order: Order

    def rule_for(self, event: Event) -> Rule | None:
        """Return the rule under which an end of a message counts, None when it counts for nothing."""
        if event.kind not in _ENDS or (event.private and not self.personal):
            return None
        category, scope = event.category, event.scope
        if not category:
            category, scope = self.local.get(event.reason, ("", ""))
        found = next((each for each in self.rule if category in each.categories and scope in each.scopes), None)
        # A report that comes late may quote a temporary reply (4yz), which says nothing of the address for good.
        return None if found is not None and found.reason == HARD and _temporary(event) else found

    def reason_at_once(self, event: Event) -> str:
        """Return the reason of an event that suppresses by itself, "" for any other.

        Who leaves one topic, which is then the event's reason, leaves no stream. A complaint that was
        played is nobody's.
        """
        if (event.kind == "unsubscribed" and event.reason) or event.reason == SIMULATED:
            return ""
        return self.at_once.get(event.kind, "")

    def back(self, event: Event) -> bool:
        """Return whether somebody has joined a stream again; one topic of it, which is then the reason, is less."""
        return event.kind == "subscribed" and not event.reason

    @property
    def longest(self) -> int:
        """Days after which no soft bounce counts any more."""
        return max(rule.within_days for rule in self.rule)


def _temporary(event: Event) -> bool:
    reply = event.reply
    return reply is not None and (reply.code // 100 == 4 or (not reply.code and reply.enhanced.startswith("4")))


@cache
def load() -> Policy:
    """Return the policy that is shipped."""
    return table("estafette.suppression", "policy.toml", Policy)
