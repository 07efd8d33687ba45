"""Assembly of what makes hits final: the janitor's desk, and the tables it judges by."""

from __future__ import annotations

from pathlib import Path

from estafette.base.errors import ConfigFault
from estafette.relay.hit_desk import HitDesk
from estafette.runtime.assemble import Unit
from estafette.runtime.countries import countries
from estafette.tracking import lists
from estafette.tracking.lists import Lists


def open_hit_desk(unit: Unit) -> None:
    """Make hits final for as long as the janitor lives."""
    settings = unit.settings.tracking
    desk = HitDesk(
        hits=unit.store.hits, history=unit.store.history, spool=unit.store.spool, clock=unit.clock,
        final_after=settings.final_after, lists=lists_of(settings.networks_file),
        country=countries(settings.country_file),
    )  # fmt: skip
    unit.background(desk.run)


def lists_of(networks_file: str) -> Lists:
    """Return the shipped tables and the networks that the operator adds; ConfigFault when a file is no use."""
    if not networks_file:
        return lists.load()
    try:
        return lists.load(Path(networks_file).read_bytes(), place=networks_file)
    except OSError as error:
        raise ConfigFault(
            f"the file cannot be read: {error.strerror}", place="tracking.networks_file", fix="name a file, or none"
        ) from error
