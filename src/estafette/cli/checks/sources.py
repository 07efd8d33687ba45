"""Our source addresses as receivers see them: no list has them, and they are named both ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from estafette.cli.checks.finding import Finding
from estafette.cli.checks.names import PATIENCE
from estafette.config.schema import Settings
from estafette.net.resolver import Resolver
from estafette.runtime.source_watch import views
from estafette.tenancy.own_sources import View


async def check_sources(settings: Settings) -> list[Finding]:
    """Ask DNS now, as the service does every hour."""
    if settings.delivery.transport == "capture":
        return []
    seen = await views(Resolver(list(settings.dns.servers), lifetime=PATIENCE), settings)
    named = [_named(each) for each in seen if not each.about]
    return [*named, *_lists([each for each in seen if each.about])]


def _named(view: View) -> Finding:
    if view.state == "unknown":
        return Finding("source", "warning", f"{view.address}: nobody can tell its name ({view.said})", "see `dns`")
    fix = "ask whoever rents you the address for a PTR record of the EHLO name, and publish the name's address"
    return Finding("source", "good" if view.state == "good" else "warning", view.said, fix)


def _lists(seen: Sequence[View]) -> Iterator[Finding]:
    for each in seen:
        if each.state == "listed":
            fix = f"find out what was sent, then have it taken out: {each.removal}"
            yield Finding("blocklist", "warning", f"{each.address} is listed by {each.name}: {each.said}", fix)
    unsure = sorted({f"{each.name} ({each.said})" for each in seen if each.state == "unknown"})
    if unsure:
        fix = "ask through a resolver of your own: lists refuse public ones"
        yield Finding("blocklist", "warning", f"cannot tell: {'; '.join(unsure)}", fix)
    clear = sorted({each.address for each in seen} - {each.address for each in seen if each.state != "clear"})
    if clear:
        yield Finding("blocklist", "good", f"no list has {', '.join(clear)}")
