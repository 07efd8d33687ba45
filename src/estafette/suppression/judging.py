"""What a batch of the log means for lists: pure, so that a batch that is read again comes to the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from estafette.model.address import AddressError, parse_path
from estafette.model.event import Event
from estafette.store.interface.records import Suppression
from estafette.store.interface.stops import Key, SoftBounces
from estafette.suppression.policy import DAY, LEFT, Policy, Rule

#: Octets of a reply that are kept as evidence.
REPLY = 512


class Case(msgspec.Struct, frozen=True):
    """An event that may concern the lists. rule: under which it counts; reason: of the entry when it does so at once.

    back: whoever it is about has joined the stream again. Without any of these it is a delivery, which forgives soft
    bounces.
    """

    event: Event
    key: Key
    rule: Rule | None = None
    reason: str = ""
    back: bool = False


def cases(events: Iterable[Event], policy: Policy, streams: Mapping[str, Collection[str]]) -> list[Case]:
    """Return what concerns lists, in order. streams: of each tenant that there is; a stream that is gone = all."""
    found = []
    for event in events:
        if not event.recipient or event.tenant not in streams:
            continue
        rule, reason = policy.rule_for(event), policy.reason_at_once(event)
        back = policy.back(event)
        if rule is None and not reason and not back and event.kind != "delivered":
            continue
        try:
            address = parse_path(event.recipient, smtputf8=True).key
        except AddressError:  # the person was erased
            continue
        stream = event.stream if event.stream in streams[event.tenant] else ""
        found.append(Case(event, Key(event.tenant, stream, address), rule, reason, back))
    return found


class Judgement:
    """Takes cases one after the other. known, soft: what there is of their addresses.

    entries, gone: what is to be written, and what is to be removed.
    """

    def __init__(self, policy: Policy, known: Mapping[Key, Suppression], soft: Mapping[Key, SoftBounces]) -> None:
        self._policy = policy
        self._known = dict(known)
        self._soft = {key: dict(days) for key, days in soft.items()}
        self.entries: dict[Key, Suppression] = {}
        self.gone: set[Key] = set()
        self.counts: dict[Key, SoftBounces] = {}

    def take(self, case: Case) -> None:
        """Take one case."""
        if case.back:
            self._readmit(case)
        elif case.reason:
            self._suppress(case, case.reason, 0)
        elif case.rule is None:
            if self._soft.pop(case.key, None):
                self.counts[case.key] = {}
        elif case.rule.bounces <= 1:
            self._suppress(case, case.rule.reason, case.rule.lasts_days)
        else:
            self._count(case, case.rule)

    def _readmit(self, case: Case) -> None:
        """Take back what this reader made of having left: the page removed its own entry, perhaps before ours came.

        Who has left once more since then stays away: that entry is younger.
        """
        there = self._known.get(case.key)
        if there is not None and there.reason == LEFT and there.created <= case.event.at:
            del self._known[case.key]
            self.entries.pop(case.key, None)
            self.gone.add(case.key)

    def _count(self, case: Case, rule: Rule) -> None:
        days = self._soft.setdefault(case.key, {})
        today = int(case.event.at) // DAY
        days[rule.name, today] = days.get((rule.name, today), 0) + 1
        if rule.met({day: count for (name, day), count in days.items() if name == rule.name}):
            del self._soft[case.key]
            self.counts[case.key] = {}
            self._suppress(case, rule.reason, rule.lasts_days)
        else:
            self.counts[case.key] = dict(days)

    def _suppress(self, case: Case, reason: str, days: int) -> None:
        entry = _entry(case, reason, days)
        there = self._known.get(case.key)
        if there is None or self._replaces(entry, there):
            if there is not None and there.reason == reason:
                entry = msgspec.structs.replace(entry, created=there.created)
            self._known[case.key] = self.entries[case.key] = entry
            self.gone.discard(case.key)

    def _replaces(self, new: Suppression, there: Suppression) -> bool:
        """A stronger reason replaces a weaker one; of the same, the first with evidence stays until it would end."""
        rank = self._policy.order.rank
        if rank(new.reason) != rank(there.reason):
            return rank(new.reason) < rank(there.reason)
        if new.reason != there.reason:
            return False
        return not there.event or (there.expires is not None and (new.expires is None or new.expires > there.expires))


def _entry(case: Case, reason: str, days: int) -> Suppression:
    event, reply = case.event, case.event.reply
    said = f"{reply.code} {reply.enhanced} {reply.text}".strip()[:REPLY] if reply is not None else ""
    return Suppression(
        tenant=case.key.tenant, stream=case.key.stream, address=case.key.address, reason=reason, created=event.at,
        expires=event.at + days * DAY if days else None, event=event.id, message=event.message, reply=said,
        observed=event.at,
    )  # fmt: skip
