"""Assembly of the gates: one for every process that accepts mail, one for this machine's users."""

from __future__ import annotations

import asyncio
import pwd
from collections.abc import Mapping

from estafette.base.metrics import gauge
from estafette.config.leaving import lacking
from estafette.model.credential import Identity
from estafette.relay.submission.gate import Gate
from estafette.runtime.assemble import Unit
from estafette.runtime.counting import open_quota
from estafette.runtime.log_ins import keep_notes
from estafette.store.tables.directory import DirectorySnapshot

COUNT_EVERY = 5.0

_queued = gauge("queue_recipients", "Recipients that wait.")


class LocalDirectory:
    """The directory as local users see it: their uid, told by the kernel, is their network. Everything else passes."""

    def __init__(self, directory: DirectorySnapshot, users: Mapping[str, str]) -> None:
        self._directory = directory
        self._users = users

    def by_network(self, address: str) -> Identity | None:
        """Return the credential that ``[send]`` gives to a uid or its user name."""
        uid = address.removeprefix("uid:")
        username = self._users.get(uid) or self._users.get(_name(int(uid)))
        return self._directory.by_username(username) if username else None

    def __getattr__(self, name: str) -> object:
        return getattr(self._directory, name)


def submission_gate(unit: Unit) -> Gate:
    """Return the one place that says yes, over this process's directory, and keep its quotas true."""
    unit.background(lambda: _count_waiting(unit))
    unit.background(lambda: keep_notes(unit))
    unit.background(lambda: unit.rejections.run(unit.store.spool))
    unit.closing(lambda: unit.rejections.flush(unit.store.spool))
    open_quota(unit)
    return _gate(unit, unit.directory)


async def _count_waiting(unit: Unit) -> None:
    """Tell the directory what waits; between two looks it counts by itself. A deep queue is looked at less often."""
    while True:
        began = unit.clock.monotonic()
        waiting = await unit.store.spool.waiting()
        unit.directory.queued(waiting)
        if "janitor" in unit.process.roles:
            _queued.set(sum(recipients for recipients, _ in waiting.values()))
        await asyncio.sleep(max(COUNT_EVERY, 50 * (unit.clock.monotonic() - began)))


def local_gate(unit: Unit) -> Gate:
    """Return the same gate for the local socket."""
    return _gate(unit, LocalDirectory(unit.directory, unit.settings.send))


def _gate(unit: Unit, directory: DirectorySnapshot | LocalDirectory) -> Gate:
    settings = unit.settings
    return Gate(
        directory=directory,  # type: ignore[arg-type]  # LocalDirectory passes on what it does not answer
        limits=settings.limits,
        retention=settings.retention,
        delivery=settings.delivery,
        clock=unit.clock,
        mint=unit.store.mint,
        hostname=settings.service.hostname,
        return_path=settings.service.return_path,
        allowances=unit.allowances,
        quota=unit.quota,
        bulk_checked=settings.delivery.transport != "capture",
        no_leaving=" and ".join(fault.place for fault in lacking(settings.service)),
        hosts=settings.tracking.hosts,
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""
