"""Stores what a process noted of log-ins and of what limited credentials sent, every second."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from estafette.base.log import get
from estafette.model.login import FailedLogin
from estafette.runtime.assemble import Unit
from estafette.store.interface.control import Control
from estafette.store.interface.logins import LastUse
from estafette.tenancy import failures

EVERY = 1.0
#: Seconds between two notes of a credential's last use, all of them in one transaction.
USES_EVERY = 180.0
_log = get("runtime.log_ins")


async def keep_notes(unit: Unit) -> None:
    """Store notes until the process ends, and learn what other processes have accepted."""
    due = 0.0
    while True:
        await asyncio.sleep(EVERY)
        await _allowances(unit)
        if unit.notes.dropped:
            _log.warning("login_failures_not_kept", number=unit.notes.dropped)
            unit.notes.dropped = 0
        failed, used = unit.notes.collect(uses=unit.clock.monotonic() >= due)
        if used:
            due = unit.clock.monotonic() + USES_EVERY
        if failed or used:
            await asyncio.to_thread(_store, unit.directory.control, failed, used)


async def _allowances(unit: Unit) -> None:
    windows = unit.allowances.windows
    taken = windows.take(unit.clock.now())
    if not taken:
        return
    try:
        windows.learn(await asyncio.to_thread(unit.directory.control.logins.spend, taken))
    except BaseException:
        windows.give_back(taken)
        raise


def _store(control: Control, failed: Sequence[FailedLogin], used: Mapping[str, tuple[float, str]]) -> None:
    explained = failures.explain(control, failed)
    for failure in explained:
        _log.info(
            "login_failed",
            username=failure.username,
            tenant=failure.tenant,
            client=failure.address,
            reason=failure.reason,
            count=failure.count,
        )
    if explained:
        control.logins.fail(explained)
    if used:
        control.logins.use([LastUse(credential=name, at=at, address=address) for name, (at, address) in used.items()])
