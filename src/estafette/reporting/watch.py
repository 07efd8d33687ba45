"""The watch: each hour, every tenant whose mail is enough to judge is looked at, and who is owed a letter gets one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from estafette.model.anomaly import OF_LIMITS, Anomaly, Finding
from estafette.model.tenant import Tenant
from estafette.model.user import Language
from estafette.reporting.alerts import said
from estafette.reporting.anomalies import DAY, WEEK, WEEKS, book, look
from estafette.reporting.episodes import turn
from estafette.store.interface.page import FIRST, Page
from estafette.store.interface.statistics import Statistics
from estafette.tenancy import letters
from estafette.tenancy.alerts import Note, readers
from estafette.tenancy.office import Office, moment, new_id

#: Recipients of eight days below which a tenant is not looked at: nothing could be concluded.
LEAST = 1_000
_MEASURES = ("queued", "delivered", "sent", "late", "deferred", "complained")
_CLASSES = ("hard", "soft", "block", "other")


async def look_at_all(office: Office, statistics: Statistics, end: int) -> int:
    """Look at the hour that ended at a moment, tenant by tenant; return how many episodes began."""
    begun, page = 0, FIRST
    while True:
        found = await asyncio.to_thread(office.control.lists.tenants, page)
        for tenant in found.items:
            begun += await look_at(office, statistics, tenant.id, end)
        if not found.next:
            return begun
        page = Page(limit=page.limit, after=found.next)


async def look_at(office: Office, statistics: Statistics, tenant: str, end: int) -> int:
    """Look at one tenant; return how many episodes began."""
    lasting = await asyncio.to_thread(_lasting, office, tenant)
    findings = look(await _hours(statistics, tenant, end), end) if await _worth(statistics, tenant, end) else []
    after = turn(tenant, lasting, findings, float(end), new_id)
    for each in after.changed:
        await asyncio.to_thread(office.control.anomalies.change, each)
    for each in after.new:
        await asyncio.to_thread(office.control.anomalies.add, each)
    return len(after.new)


def owed(office: Office) -> list[tuple[Anomaly, Note]]:
    """Return the letters about episodes that nobody was written about."""
    found = []
    for each in office.control.anomalies.untold():
        tenant = office.control.lists.tenant(each.tenant)
        if tenant is not None:
            found.append((each, _note(office, tenant, each.first)))
    return found


def told(office: Office, anomaly: Anomaly) -> None:
    """Write down that the letter about an episode is in the queue."""
    office.control.anomalies.change(msgspec.structs.replace(anomaly, told=office.now()))


def _lasting(office: Office, tenant: str) -> list[Anomaly]:
    """Return the episodes that looks end; those of a limit end by that limit."""
    return [each for each in office.control.anomalies.open(tenant) if each.kind not in OF_LIMITS]


async def _worth(statistics: Statistics, tenant: str, end: int) -> bool:
    """Return whether enough was submitted; read from the counters of days, so that the many small cost little."""
    until = end // DAY * DAY + DAY
    rows = await statistics.read(
        tenant, "all", since=until - 9 * DAY, until=until, measures=["queued"], by_value=False
    )  # fmt: skip
    return sum(row.amount for row in rows) >= LEAST


async def _hours(statistics: Statistics, tenant: str, end: int) -> Mapping[int, Mapping[str, int]]:
    measures = [*_MEASURES, *(f"bounced.{name}" for name in _CLASSES)]
    rows = await statistics.read(
        tenant, "all", since=end - WEEKS * WEEK - DAY, until=end, measures=measures, by_hour=True, by_value=False
    )  # fmt: skip
    hours: dict[int, dict[str, int]] = {}
    for row in rows:
        hours.setdefault(row.hour, {})[row.measure] = row.amount
    return hours


def _note(office: Office, tenant: Tenant, finding: Finding) -> Note:
    def words(language: Language) -> dict[str, object]:
        return {
            "tenant": tenant.name, "what": said(finding, language), "until": f"{moment(finding.at)}",
            "advice": book().advice[language][finding.kind],
        }  # fmt: skip

    text = letters.said("anomaly", office.languages(tenant), words)
    return Note(tenant.id, readers(office, tenant), text.subject, text.text)
