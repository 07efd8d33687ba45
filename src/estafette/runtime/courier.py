"""Assembly of a courier: scheduler, carrier, keys and line."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

from estafette.base import ids
from estafette.base.crew import Crew
from estafette.model.message import Content, Delivery
from estafette.model.user import Language
from estafette.model.window import opening
from estafette.net.resolver import Resolver
from estafette.relay import lane_report, rests
from estafette.relay.delivery.carrier import Carrier
from estafette.relay.journal import Journal, replay
from estafette.relay.line import Line
from estafette.relay.notice_desk import NoticeDesk
from estafette.relay.preparation.context import PreparationContext
from estafette.relay.scheduling import providers as shipped
from estafette.relay.scheduling.scheduler import Scheduler
from estafette.relay.submission.return_gate import MAC_PURPOSE
from estafette.runtime.assemble import Unit
from estafette.runtime.service_signature import ServiceSignature
from estafette.store.interface.spool import SHARDS
from estafette.tracking.writer import Writer

SIGNING_THREADS = 2


async def open_line(unit: Unit) -> None:
    """Start a line; the first courier runs the notice desk too."""
    settings = unit.settings
    journals = unit.store.folder / "journal"
    await replay(journals, unit.store.spool, unit.process.name)
    providers = shipped.load()
    reached = ids.moment(unit.store.mint.next())
    jitter = random.Random()  # noqa: S311 - nothing secret
    couriers = max(1, settings.runtime.courier)
    scheduler = Scheduler(providers, settings.delivery, settings.egress, jitter, floor=reached, couriers=couriers)
    crew = Crew(asyncio.get_running_loop(), SIGNING_THREADS, "signing")
    resolver = Resolver(list(settings.dns.servers))
    signature = ServiceSignature(settings.service.hostname, unit.directory, resolver)
    if settings.delivery.transport != "capture":
        unit.background(signature.watch)
    carries = carrier(unit, providers.suffixes(), resolver)
    _keep_rests(unit, carries)
    line = Line(
        worker=unit.process.name,
        spool=unit.store.spool,
        scheduler=scheduler,
        carrier=carries,
        clock=unit.clock,
        mint=unit.store.mint,
        context=_contexts(unit, signature),
        crew=crew,
        shards=-(-SHARDS // couriers),
        journal=Journal(journals, unit.process.name),
        opens=_hours(unit),
        halts=_suppressed(unit),
    )
    running = asyncio.create_task(line.run())

    def tell() -> None:
        lanes = scheduler.lane_states(unit.clock.monotonic())
        lane_report.write(unit.store.folder, unit.process.name, lanes, unit.clock.now())

    unit.every(lane_report.EVERY, tell)

    async def end() -> None:
        line.stop()
        await running
        crew.close()

    unit.closing(end)
    if unit.process.index <= 1:
        desk = NoticeDesk(
            spool=unit.store.spool, clock=unit.clock, mint=unit.store.mint,
            hostname=settings.service.hostname, expire=settings.delivery.expire, language=partial(_language, unit),
        )  # fmt: skip
        unit.background(desk.run)


def _keep_rests(unit: Unit, carries: Carrier) -> None:
    """Let our addresses rest on where they did before, and keep that."""
    folder, clock = unit.store.folder, unit.clock
    book = rests.Book(folder, unit.process.name)
    carries.resume(rests.read(folder, clock.now()))

    def keep() -> None:
        book.keep(carries.resting(), clock.now())

    async def end() -> None:
        keep()

    unit.every(rests.EVERY, keep)
    unit.closing(end)


def _language(unit: Unit, tenant: str) -> Language | Literal[""]:
    """Return the language that a tenant chose, else the service's."""
    known = unit.directory.tenant(tenant)
    return (known.language if known else "") or unit.settings.service.language


def carrier(unit: Unit, suffixes: Sequence[tuple[str, str]], resolver: Resolver) -> Carrier:
    """Return what carries parcels out of this machine."""
    settings = unit.settings
    return Carrier(
        delivery=settings.delivery,
        egress=settings.egress,
        hostname=settings.service.hostname,
        resolver=resolver,
        clock=unit.clock,
        providers=suffixes,
        own_addresses=_own_addresses(unit),
    )


def _own_addresses(unit: Unit) -> set[str]:
    """Return addresses at which we ourselves would answer: an MX that points there is a loop."""
    settings = unit.settings
    ours = {host for host, port in settings.listen.mx if port == settings.delivery.port}
    if ours & {"0.0.0.0", "::"}:
        ours |= {source.address for group in settings.egress.values() for source in group.source}
    return ours - {"0.0.0.0", "::"}


def _hours(unit: Unit) -> Callable[[Delivery, float], float]:
    """Return what tells when mail of a stream may leave: its window as it is now, not as it was at acceptance."""
    directory = unit.directory

    def opens(row: Delivery, now: float) -> float:
        stream = directory.stream(row.tenant, row.stream)
        if stream is None or stream.window is None:
            return now
        return opening(stream.window, now)

    return opens


def _suppressed(unit: Unit) -> Callable[[Delivery, Content], str]:
    """Return what tells why a recipient gets no mail now, whatever was so at acceptance; mail of ours has no list."""
    directory = unit.directory

    def halts(row: Delivery, content: Content) -> str:
        return directory.suppressed(row.tenant, row.stream, row.address, content.topic) if row.tenant else ""

    return halts


def _contexts(unit: Unit, signature: ServiceSignature) -> Callable[[Content], PreparationContext]:
    service = unit.settings.service
    directory, keyring, clock = unit.directory, unit.keyring, unit.clock

    mac = partial(keyring.mac, MAC_PURPOSE)
    writer = Writer(keyring, service.public_url)

    def context(content: Content) -> PreparationContext:
        return PreparationContext(
            mac=mac,
            return_path_domain=service.return_path,
            # Mail of the service itself has no tenant: its key signs while it is published, as below.
            keys=directory.signing_keys(content.tenant, content.header_from) if content.tenant else (),
            service_keys=signature.keys,
            now=int(clock.now()),
            writer=writer,
        )

    return context
