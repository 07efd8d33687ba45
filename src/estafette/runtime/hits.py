"""Assembly of what makes hits final: the janitor's desk, and the tables it judges by."""

from __future__ import annotations

from estafette.relay.hit_desk import HitDesk
from estafette.runtime.assemble import Unit
from estafette.runtime.countries import countries
from estafette.runtime.lists import lists_of


def open_hit_desk(unit: Unit) -> None:
    """Make hits final for as long as the janitor lives."""
    settings = unit.settings.tracking
    desk = HitDesk(
        hits=unit.store.hits, history=unit.store.history, spool=unit.store.spool, clock=unit.clock,
        final_after=settings.final_after, lists=lists_of(settings.networks_file),
        country=countries(settings.country_file),
    )  # fmt: skip
    unit.background(desk.run)
