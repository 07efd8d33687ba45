"""Whether recipients can unsubscribe; without that the service takes no bulk mail."""

from __future__ import annotations

from estafette.cli.checks.finding import Finding
from estafette.config.leaving import lacking
from estafette.config.schema import Settings


async def check_leaving(settings: Settings) -> list[Finding]:
    """The addresses in List-Unsubscribe lead from the internet to this service."""
    faults = lacking(settings.service)
    found = [Finding("unsubscribe", "warning", f"{each.place}: {each.cause}", each.fix) for each in faults]
    if not settings.listen.public:
        cause = "listen.public is empty: nothing here answers who unsubscribes"
        fix = "name an address, unless another machine answers service.public_url"
        found.append(Finding("unsubscribe", "warning", cause, fix))
    if not settings.listen.mx:
        cause = "listen.mx is empty: nothing here takes mail of who unsubscribes"
        fix = "name an address, unless another machine is the MX of service.return_path"
        found.append(Finding("unsubscribe", "warning", cause, fix))
    return found or [Finding("unsubscribe", "good", f"recipients unsubscribe at {settings.service.public_url}")]
