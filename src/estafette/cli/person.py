"""``estafette person``: people who got mail, and want to be forgotten."""

from __future__ import annotations

import asyncio

from cyclopts import App

from estafette.cli import output
from estafette.cli.opening import office, run, store
from estafette.tenancy import persons
from estafette.tenancy.office import Resource

app = App(name="person", help="People who got mail, and want to be forgotten.")


@app.command
def erase(address: str, /, *, tenant: str) -> None:
    """Take an address out of queue, log, hits and lists of a tenant, and never mail it again."""
    output.resource(run(_erase(address, tenant)))


async def _erase(address: str, tenant: str) -> Resource:
    with office() as room:
        async with store() as opened:
            erasure = await asyncio.to_thread(persons.begin, room, tenant, address)
            erased = await opened.persons.erase(erasure)
            return await asyncio.to_thread(persons.finish, room, erasure, erased)
