"""Assembly of what recipients reach; nothing of the API is loaded for it.

It listens at once, with the keyring alone. Database and store are opened behind it, whenever they answer: until then
links lead on, hits and unsubscriptions wait on disk, and only pages that read something say to come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from estafette.base.ids import Mint
from estafette.base.seal import Keyring
from estafette.events.buffer import Buffer
from estafette.events.crowd import Crowd
from estafette.events.forwarder import Forwarder
from estafette.model.mailbox import outgoing
from estafette.runtime.acts import Reach
from estafette.runtime.assemble import Unit
from estafette.runtime.http import serve
from estafette.runtime.lists import lists_of
from estafette.runtime.offices import office_of
from estafette.store.open import folder_of
from estafette.web.public.answers import App
from estafette.web.public.clicks import Clicks, Opens
from estafette.web.public.client_setup import ClientSetups
from estafette.web.public.door import Door
from estafette.web.public.measuring import Measuring
from estafette.web.public.pages import Pages
from estafette.web.public.standing import Standing
from estafette.web.public.tokens import Tokens
from estafette.web.public.unsubscribing import Unsubscribing
from estafette.web.public.views import Views

#: Ids of acts are made without the store, which numbers all other writers within cell 0.
CELL = 15
#: Seconds between two looks for minutes whose hits have waited long enough.
JUDGE_EVERY = 5.0


async def open_public(unit: Unit) -> None:
    """Open the listener of recipients."""
    settings = unit.settings
    if not settings.listen.public:
        return
    if not hasattr(unit, "keyring"):
        unit.keyring = await asyncio.to_thread(Keyring.load, settings.secrets.keyring_file)
    mint = Mint(unit.clock.now, cell=CELL, writer=unit.process.index)
    buffer = Buffer(folder_of(settings.store.url) / "acts", unit.process.name)
    crowd = Crowd(mint, settings.tracking.final_after)
    reach = Reach(unit)
    forwarder = Forwarder(buffer, mint, reach.deliver)
    lists = lists_of(settings.tracking.networks_file)
    measuring = Measuring(
        standing=reach.standing, buffer=buffer, crowd=crowd, mint=mint, clock=unit.clock, programs=lists.programs,
        networks=lists.networks,
    )  # fmt: skip
    unit.background(reach.open)
    unit.background(buffer.run)
    unit.background(forwarder.run)
    unit.background(lambda: _judge(unit, crowd, buffer))
    unit.closing(lambda: _end(measuring, crowd, buffer, forwarder))
    await serve(
        unit, _door(unit, reach, buffer, measuring, mint), settings.listen.public, shared=settings.runtime.public > 1
    )


def _door(unit: Unit, reach: Reach, buffer: Buffer, measuring: Measuring, mint: Mint) -> Door:
    pages, standing, clock = Pages(), reach.standing, unit.clock
    tokens = Tokens(unit.keyring, standing if unit.settings.tracking.hosts else None)
    rooms: dict[str, App] = {
        "/c/": Clicks(tokens, standing, measuring, pages),
        "/o/": Opens(tokens, standing, measuring),
        "/u/": Unsubscribing(
            tokens=tokens, standing=standing, buffer=buffer, mint=mint, clock=clock, pages=pages, wanted=reach.wanted
        ),
        "/v/": Views(tokens, standing, reach.letter, pages),
    }
    service, listen = unit.settings.service, unit.settings.listen
    doors = outgoing(service.hostname, listen.port("submissions"), listen.port("submission"))
    rooms |= ClientSetups(standing, doors, service.public_url).rooms()
    return Door(rooms, _mailed_links(unit, standing))


def _mailed_links(unit: Unit, standing: Standing) -> Callable[[], App | None]:
    """Return what makes the pages of mailed links, which read and write control data."""

    def make() -> App | None:
        if standing.directory is None:
            return None
        from estafette.web.guard import Guard
        from estafette.web.public.app import create_public
        from estafette.web.public.links import Desk

        return create_public(Desk(lambda who: office_of(unit, who), Guard(unit.clock)))

    return make


async def _judge(unit: Unit, crowd: Crowd, buffer: Buffer) -> None:
    while True:
        await asyncio.sleep(JUDGE_EVERY)
        for minute in crowd.due(unit.clock.now()):
            await buffer.judged(minute, await crowd.judged(minute))


async def _end(measuring: Measuring, crowd: Crowd, buffer: Buffer, forwarder: Forwarder) -> None:
    """Judge what is in memory by what is known, hand over what the store takes now, and leave the rest on disk."""
    measuring.settle()
    for minute in crowd.due(float("inf")):
        await buffer.judged(minute, await crowd.judged(minute))
    await forwarder.end()
    await buffer.close()
