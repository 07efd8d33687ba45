"""Assembly of the API, the dashboard, the dialects, and the metrics; the first web process calls webhooks too."""

from __future__ import annotations

from estafette.relay.viewing import Captured
from estafette.runtime.assemble import Unit
from estafette.runtime.gates import submission_gate
from estafette.runtime.http import serve
from estafette.runtime.webhooks import open_webhooks
from estafette.tenancy.published import Published
from estafette.web.app import create_app
from estafette.web.metrics import create_metrics_app
from estafette.web.services import Services


async def open_web(unit: Unit) -> None:
    """Open API and dashboard, and the metrics of this process; the first one begins to call webhooks."""
    settings = unit.settings
    shared = settings.runtime.web > 1
    rooms = services(unit)
    await serve(unit, create_app(rooms), settings.listen.http, shared=shared)
    await serve(unit, create_metrics_app(), settings.listen.metrics, shared=shared)
    # Closed before the listeners: they wait for every answer, and a follower's may take half a minute.
    unit.closing(rooms.arrivals.close)
    if unit.process.index <= 1:
        open_webhooks(unit)


def services(unit: Unit) -> Services:
    """Return what the web rooms may call."""
    settings = unit.settings
    captured = settings.delivery.transport == "capture"
    return Services(
        settings=settings, directory=unit.directory, gate=submission_gate(unit), spool=unit.store.spool,
        history=unit.store.history, statistics=unit.store.statistics, mint=unit.store.mint, clock=unit.clock,
        keyring=unit.keyring, control=unit.directory.control, notes=unit.notes,
        names=Published(settings.dns.servers, allow=settings.delivery.allow_networks), persons=unit.store.persons,
        rejections=unit.rejections,
        captured=Captured(unit.store.spool, unit.keyring, settings.service) if captured else None,
    )  # fmt: skip
