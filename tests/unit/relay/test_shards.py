"""Hints of the store, as one courier's shards take them in."""

from __future__ import annotations

from tests.contract.kit import submission

from estafette.base.ids import Mint
from estafette.model.rule import Filter, Rule
from estafette.relay.shards import Shards
from estafette.runtime.clock import SystemClock
from estafette.store.interface.spool import Wake

HOLD = Rule(id=Mint(lambda: 1_800_000_000.0).next(), kind="hold", filter=Filter(domain="example.com"))


class Book:
    """Spool and scheduler in one: what was asked and told, in order."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    async def rules(self) -> list[Rule]:
        self.heard.append("asked")
        return [HOLD]

    def set_rules(self, rules: list[Rule]) -> bool:
        self.heard.append(rules)
        return False

    def arrived(self, deliveries: tuple[object, ...], _now: float) -> None:
        self.heard.append(deliveries)


async def test_mail_accepted_after_a_hold_is_told_after_it_though_one_hint_brings_both():
    book, sent = Book(), submission()
    shards = Shards("w", 1, spool=book, scheduler=book, clock=SystemClock(), ring=lambda: None)
    await shards._woken(Wake(sent.deliveries, rules=True))
    assert book.heard == ["asked", [HOLD], sent.deliveries]
