"""Assembly of what takes mail that comes to tenants' domains."""

from __future__ import annotations

from collections.abc import Callable

from estafette.model.route import Route
from estafette.net.inquiry import Inquirer
from estafette.net.resolver import Resolver
from estafette.relay.inbound.forwarding import Forwarding
from estafette.relay.inbound.keeping import Keeping
from estafette.relay.inbound.screening import Screening
from estafette.relay.mx_gate import MxGate
from estafette.relay.submission.return_gate import MacedReturnPathGate
from estafette.runtime.assemble import Unit

#: Seconds that rspamd may take, above its own limit for a message; octets of its answer.
SCREENED_WITHIN = 30.0
ANSWER = 1 << 20


def mx_gate(unit: Unit, returns: MacedReturnPathGate) -> MxGate:
    """Return the gate of the mx listeners."""
    settings = unit.settings
    listen = settings.listen
    return MxGate(
        returns=returns,
        routes=_routes(unit),
        forwarding=Forwarding(
            Resolver(settings.dns.servers), hostname=settings.service.hostname, allow=settings.delivery.allow_networks,
            own=[*listen.mx, *listen.submission, *listen.submissions],
        ),
        screening=Screening(settings.service.hostname, _rspamd(unit)),
        keeping=Keeping(unit.store.spool, unit.store.mint, settings.inbound.retention),
        clock=unit.clock,
    )  # fmt: skip


def _routes(unit: Unit) -> Callable[[str], tuple[Route, ...]]:
    return unit.directory.routes


def _rspamd(unit: Unit) -> Inquirer | None:
    address = unit.settings.inbound.rspamd
    if not address:
        return None
    inquirer = Inquirer(f"{address.rstrip('/')}/checkv2", within=SCREENED_WITHIN, most=ANSWER)
    unit.closing(inquirer.close)
    return inquirer
