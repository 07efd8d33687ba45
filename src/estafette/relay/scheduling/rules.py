"""The operator's rules in memory: which one, if any, keeps a delivery from being tried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from estafette.model.message import Delivery
from estafette.model.rule import Filter, Rule
from estafette.relay.scheduling.pacing import Paces
from estafette.store.interface.spool import Feed


class RuleBook:
    """Every rule in force. parts: couriers among which the rate of a slowed stream is divided.

    Rules on single messages are found by id and others by tenant, so that thousands of them cost nothing. Those that
    only slow stand apart (``paces``): they keep nothing back for good.
    """

    def __init__(self, rules: Iterable[Rule] = (), parts: int = 1) -> None:
        every = tuple(rules)
        self.rules = tuple(rule for rule in every if rule.kind != "slow")
        self.paces = Paces((rule for rule in every if rule.kind == "slow"), parts)
        self._by_message: dict[int, list[Rule]] = {}
        self._wide: dict[str, list[Rule]] = {}
        self._touching: dict[str, list[Rule]] = {}
        for rule in self.rules:
            self._touching.setdefault(rule.filter.tenant, []).append(rule)
            if rule.filter.message:
                self._by_message.setdefault(rule.filter.message, []).append(rule)
            else:
                self._wide.setdefault(rule.filter.tenant, []).append(rule)

    def __bool__(self) -> bool:
        return bool(self.rules)

    def blocking(self, row: Delivery, site: str = "") -> Rule | None:
        """Return a rule that keeps the delivery back.

        ``site`` when it is known better than the row's lane.
        """
        if not self.rules:
            return None
        for rules in (self._by_message.get(row.message), self._wide.get(""), self._wide.get(row.tenant)):
            for rule in rules or ():
                if matches(rule.filter, row, site):
                    return rule
        return None

    def touching(self, feed: Feed) -> Sequence[Rule]:
        """Return the rules that may name rows of a feed: those of its tenant, and of no tenant."""
        wide, own = self._touching.get("", []), self._touching.get(feed.tenant, [])
        return (*wide, *own) if feed.tenant else wide

    def covering(self, feed: Feed) -> Rule | None:
        """Return a rule that keeps back every row of a feed, so that it need not be read at all."""
        wholes = {Filter(tenant=tenant, site=site) for tenant in ("", feed.tenant) for site in ("", feed.lane)}
        return next((rule for rule in self.touching(feed) if rule.filter in wholes), None)

    def lifted_since(self, earlier: RuleBook) -> bool:
        """Return whether a rule of ``earlier`` is no longer in force."""
        here = {rule.id for rule in self.rules} | self.paces.gates.keys()
        return any(each not in here for each in (*(rule.id for rule in earlier.rules), *earlier.paces.gates))


def matches(asks: Filter, row: Delivery, site: str = "") -> bool:
    """Return whether every given field of the filter matches the delivery."""
    return (
        (not asks.tenant or asks.tenant == row.tenant)
        and (not asks.stream or asks.stream == row.stream)
        and (not asks.credential or asks.credential == row.credential)
        and (not asks.domain or asks.domain == row.domain)
        and (not asks.site or asks.site in {row.lane, site})
        and (not asks.from_domain or asks.from_domain == row.from_domain)
        and (not asks.campaign or asks.campaign == row.campaign)
        and (not asks.recipient or asks.recipient.casefold() == row.address.casefold())
        and (not asks.message or asks.message == row.message)
        and (not asks.number or asks.number == row.number)
        and (not asks.before or row.message < asks.before)
        and (not asks.born_before or row.born < asks.born_before)
    )
