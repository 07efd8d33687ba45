"""Assembly of the watch over our own source addresses: once an hour lists and names are asked, and changes told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from estafette.base import log
from estafette.base.errors import Fault
from estafette.base.metrics import gauge
from estafette.config.schema import Settings
from estafette.net import blocklists
from estafette.net.naming import naming, system_address
from estafette.net.resolver import Resolver
from estafette.net.special import special_use
from estafette.runtime.assemble import Unit
from estafette.runtime.offices import office_of
from estafette.tenancy import own_sources
from estafette.tenancy.own_sources import Sight, View

EVERY = 3_600.0
FIRST = 20.0
#: Seconds after which a look that failed is made again.
AGAIN = 60.0
FILE = "sources.json"

_listed = gauge("source_listed", "1 while a list has an address of ours, 0 while it has not.", "source", "list")
_named = gauge("source_named", "1 while an address of ours is named both ways, 0 while it is not.", "source")
_log = log.get("runtime.source_watch")


async def watch_sources(unit: Unit) -> None:
    """Look hourly until cancelled; nothing leaves this machine where mail is captured."""
    if unit.settings.delivery.transport == "capture":
        return
    resolver = Resolver(list(unit.settings.dns.servers))
    await asyncio.sleep(FIRST)
    while True:
        try:
            await look(unit, resolver)
        except (Fault, OSError) as fault:
            _log.warning("source_watch_waits", cause=str(fault))
            await asyncio.sleep(AGAIN)
        else:
            await asyncio.sleep(EVERY)


async def look(unit: Unit, resolver: Resolver) -> Sight:
    """Look once, and tell what changed since the last look, whichever run of the service made it."""
    file = unit.store.folder / FILE
    before = await asyncio.to_thread(read, file)
    seen = await views(resolver, unit.settings)
    after = own_sources.merged(before, seen, unit.clock.now())
    office = office_of(unit)
    for change, view in own_sources.changes(before, after):
        _log.warning(change.replace("-", "_"), source=view.address, list=view.name, said=view.said)
        await asyncio.to_thread(own_sources.tell, office, change, view)
    await asyncio.to_thread(_write, file, after)
    _show(after.views)
    return after


async def views(resolver: Resolver, settings: Settings) -> list[View]:
    """Return what the world says of our addresses; of those that nobody else can see, nothing."""
    lists, found = blocklists.load(settings.reputation.blocklists), list[View]()
    for address, helo in (await addresses(resolver, settings)).items():
        name = await naming(resolver, address, helo)
        found.append(View(address=address, about="", state=name.state, said=name.cause))
        for each in await blocklists.ask(resolver, lists, address):
            found.append(
                View(
                    address=address,
                    about=each.zone,
                    state=each.state,
                    name=each.name,
                    said=each.said,
                    removal=each.removal,
                )
            )
    return found


async def addresses(resolver: Resolver, settings: Settings) -> Mapping[str, str]:
    """Return our public source addresses with what they greet as.

    Where none is set it is the system's, or behind a translating router those of the host's name.
    """
    name, direct = settings.service.hostname, [each for each in settings.egress.values() if not each.smarthost]
    if settings.egress and not direct:
        return {}
    found = {source.address: source.helo or name for group in direct for source in group.source}
    if not found:
        own = system_address()
        found = {own: name} if own and not special_use(own) else {}
    if not found:
        found = dict.fromkeys((await resolver.addresses(name, v6=False)).addresses, name)
    return {address: helo for address, helo in found.items() if not special_use(address)}


def read(file: Path) -> Sight:
    """Return what the last look has seen; nothing when there is none."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(file.read_bytes(), type=Sight)
    return Sight()


def _write(file: Path, sight: Sight) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(sight))
    fresh.replace(file)


def _show(seen: Sequence[View]) -> None:
    for each in seen:
        if each.about and each.state != "unknown":
            _listed.labels(each.address, each.about).set(each.state == "listed")
        elif not each.about and each.state != "unknown":
            _named.labels(each.address).set(each.state == "good")
