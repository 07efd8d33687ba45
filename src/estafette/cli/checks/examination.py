"""All checks of ``doctor`` in order; a check that breaks is a finding too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from estafette.base.errors import Fault
from estafette.cli.checks.certificates import check_tls
from estafette.cli.checks.doors import check_ports
from estafette.cli.checks.finding import Finding
from estafette.cli.checks.leaving import check_leaving
from estafette.cli.checks.machine import check_clock, check_disk, check_keyring, check_settings, check_store
from estafette.cli.checks.names import check_names, check_reports, check_resolvers, check_return_path
from estafette.cli.checks.sources import check_sources
from estafette.config.schema import Settings

CHECKS: dict[str, Callable[[Settings], Awaitable[list[Finding]]]] = {
    "settings": check_settings,
    "keyring": check_keyring,
    "store": check_store,
    "disk": check_disk,
    "clock": check_clock,
    "ports": check_ports,
    "tls": check_tls,
    "dns": check_resolvers,
    "hostname": check_names,
    "sources": check_sources,
    "return_path": check_return_path,
    "reports": check_reports,
    "unsubscribe": check_leaving,
}


async def examine(settings: Settings) -> list[Finding]:
    """Run every check."""
    findings: list[Finding] = []
    for name, check in CHECKS.items():
        try:
            findings += await check(settings)
        except (OSError, ValueError) as error:
            findings.append(Finding(name, "wrong", str(error), "see the cause"))
        except Fault as fault:
            findings.append(Finding(name, "wrong", f"{fault.place}: {fault.cause}", fault.fix))
    return findings
