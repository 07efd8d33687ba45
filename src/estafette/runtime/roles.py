"""Which processes a set of settings asks for: how the roles are folded."""

from __future__ import annotations

import os

import msgspec

from estafette.config.schema import Settings

ROLES = ("intake", "courier", "store", "web", "public", "janitor")
SMALL_MACHINE = 4


class Process(msgspec.Struct, frozen=True):
    """One process to run: its name, the roles folded into it, its place among its kind (writer of ids)."""

    name: str
    roles: tuple[str, ...]
    index: int = 0


def processes(settings: Settings, only: tuple[str, ...] = ()) -> list[Process]:
    """Return the processes in starting order; the store's is first, because all others need its socket.

    With one intake, intake and store and janitor share a process (facts: prototype, model C); with more, the store
    has its own (model D).
    """
    runtime = settings.runtime
    cores = os.cpu_count() or 1
    intakes = runtime.intake or max(1, cores // SMALL_MACHINE)
    couriers = runtime.courier or max(1, cores // 2)
    first = (
        [Process("front", ("store", "intake", "janitor"))]
        if intakes == 1
        else [Process("store", ("store", "janitor"))]
        + [Process(f"intake-{number}", ("intake",), number) for number in range(1, intakes + 1)]
    )
    wanted = [
        *first,
        *(Process(f"courier-{number}", ("courier",), number) for number in range(1, couriers + 1)),
        *(Process(f"web-{number}", ("web",), number) for number in range(1, (runtime.web or 1) + 1)),
        *(Process(f"public-{number}", ("public",), number) for number in range(1, (runtime.public or 1) + 1)),
    ]
    return [process for process in wanted if not only or set(only) & set(process.roles)]
