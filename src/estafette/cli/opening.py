"""Doors to the stores for verbs: as a client of the running service, else alone under the store's lock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from estafette.base import ids
from estafette.base.errors import Fault
from estafette.cli.call import Usage, call

if TYPE_CHECKING:
    from estafette.model.rule import Filter
    from estafette.store.interface.control import Control
    from estafette.store.open import Store
    from estafette.tenancy.office import Office

T = TypeVar("T")


@asynccontextmanager
async def store() -> AsyncIterator[Store]:
    """Open spool and history."""
    from estafette.store.open import folder_of, open_store, store_running

    url = call.settings.store.url
    if not (folder_of(url) / "control.db").is_file():
        # Opening would make an empty store, and a mistyped store.url would look like one in which nothing is wrong.
        raise Fault("there is no store here", place=str(folder_of(url)), fix="correct store.url, or run estafette init")
    opened = await open_store(url, role="client" if store_running(url) else "owner")
    try:
        yield opened
    finally:
        await opened.close()


def with_store(work: Callable[[Store], Awaitable[T]]) -> T:
    """Run ``work`` over an open store and return its answer."""

    async def whole() -> T:
        async with store() as opened:
            return await work(opened)

    return run(whole())


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end."""
    return asyncio.run(work)


@contextmanager
def control() -> Iterator[Control]:
    """Open the control tables; they may be changed while the service runs."""
    from estafette.store.tables.control import open_control

    opened = open_control(call.settings.store.url)
    try:
        yield opened
    finally:
        opened.close()


def message_id(text: str) -> tuple[int, int]:
    """Read ``ID`` or ``ID.N`` as (message, number); number 0 = every recipient."""
    name, _, number = text.strip().partition(".")
    try:
        return ids.read(name), int(number or 0)
    except ValueError as error:
        raise Usage(f"{text!r} is no message id: {error}", place="ID", fix="ids have 13 characters") from None


@contextmanager
def office() -> Iterator[Office]:
    """Open what administration needs: control tables, keyring, and who acts."""
    import getpass
    import time

    from estafette.base.seal import Keyring
    from estafette.tenancy.office import Office
    from estafette.tenancy.permissions import Actor

    settings = call.settings
    keyring = Keyring.load(settings.secrets.keyring_file)
    with control() as tables:
        yield Office(
            control=tables,
            keyring=keyring,
            now=time.time,
            who=Actor(kind="cli", id="", name=getpass.getuser()),
            hostname=settings.service.hostname,
            return_path=settings.service.return_path,
            public_url=settings.service.public_url,
            dns_zone=settings.service.dns_zone,
            language=settings.service.language,
            submissions=settings.listen.port("submissions"),
            submission=settings.listen.port("submission"),
        )


def tenant_id(name: str) -> str:
    """Return the id of a tenant named by name or id; Fault when there is none."""
    with control() as tables:
        found = next((each.id for each in tables.tenants() if name in {each.id, each.name}), None)
    if found is None:
        raise Fault(f"there is no tenant {name!r}", place="--tenant", fix="see `estafette tenant list`")
    return found


def audited(action: str, chosen: Filter, detail: str) -> None:
    """Write down an operator's act on the queue."""
    import getpass
    import time

    from estafette.store.interface.records import AuditEntry

    given = [f"{name}={getattr(chosen, name)}" for name in chosen.__struct_fields__ if getattr(chosen, name)]
    entry = AuditEntry(
        at=time.time(),
        actor=f"cli:{getpass.getuser()}",
        action=action,
        tenant=chosen.tenant,
        subject=" ".join(given) or "all",
        detail=detail,
    )
    with control() as tables:
        tables.record(entry)
