"""Domain -> site, as couriers learnt it; accepted rows go straight to the lane of a known site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import apsw
import msgspec

from estafette.model.message import Delivery
from estafette.store.sqlite.rows import read_delivery
from estafette.store.sqlite.statements import run_many, sql

#: How long a placement is believed; MX records change seldom, and a wrong lane is placed again.
BELIEVED = 7 * 86_400.0
#: Domains remembered in memory; the table holds the rest.
REMEMBERED = 100_000
#: Rows moved in one commit.
MOVED_AT_ONCE = 2_000


class Sites:
    """The writer's view of the ``site`` table, with a bounded memory of look-ups."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def apply(self, connection: apsw.Connection, deliveries: Iterable[Delivery], now: float) -> None:
        """Rewrite the lane of deliveries whose domain has a site."""
        waiting = [each for each in deliveries if each.lane == each.domain]
        unknown = {each.domain for each in waiting if each.domain not in self._known}
        if unknown:
            self._look_up(connection, unknown, now)
        known = self._known
        for each in waiting:
            site = known[each.domain]
            if site:
                msgspec.structs.force_setattr(each, "lane", site)

    def _look_up(self, connection: apsw.Connection, domains: set[str], now: float) -> None:
        if len(self._known) + len(domains) > REMEMBERED:
            self._known.clear()
        self._known.update(dict.fromkeys(domains, ""))
        self._known.update(run_many(connection, "sites_of", [(domain,) for domain in domains], now))

    def place(self, connection: apsw.Connection, sites: Mapping[str, str], now: float) -> None:
        """Remember placements."""
        for domain, site in sites.items():
            connection.execute(sql("insert_site"), (domain, site, now + BELIEVED))
        if len(self._known) + len(sites) > REMEMBERED:
            self._known.clear()
        self._known.update(sites)

    def forget(self) -> None:
        """Drop the memory; the table was changed by others or rolled back."""
        self._known.clear()


def old_lane(connection: apsw.Connection, domain: str) -> Sequence[str]:
    """Return the lanes in which rows of a domain may rest before it is placed anew."""
    row = connection.execute(sql("site_of"), (domain,)).fetchone()
    return (domain,) if row is None else (domain, row[0])


def move(connection: apsw.Connection, domain: str, lane: str, site: str) -> list[Delivery]:
    """Move up to ``MOVED_AT_ONCE`` rows of a domain from a lane to a site; return them as they now stand."""
    rows = connection.execute(sql("move_lane"), (site, lane, domain, MOVED_AT_ONCE)).fetchall()
    return [read_delivery(row) for row in rows]
