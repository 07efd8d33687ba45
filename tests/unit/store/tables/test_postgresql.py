from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers.postgres import Postgres

from estafette.base.errors import ConfigFault, Fault, StoreFault, StoreUnavailable
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.store.interface.records import AuditEntry
from estafette.store.tables.control import ControlTables, open_control
from estafette.store.tables.copy import fill_from_file
from estafette.store.tables.migrate import migrate

ENTRY = AuditEntry(at=1.0, actor="test", action="test")
STREAM = Stream(tenant="a", name="bulk", kind="bulk")


@pytest.fixture
def empty(postgres: Postgres) -> Iterator[str]:
    name = postgres.database()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def shared(database: str) -> Iterator[ControlTables]:
    opened = open_control(database)
    yield opened
    opened.close()


def test_an_empty_database_asks_for_init(empty: str) -> None:
    with pytest.raises(StoreFault) as caught:
        open_control(empty)
    assert "init" in caught.value.fix
    assert "secret" not in caught.value.place


def test_processes_that_migrate_at_once_wait_for_each_other(empty: str) -> None:
    failures: list[BaseException] = []

    def opening() -> None:
        try:
            open_control(empty, upgrade=True).close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=opening) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    opened = open_control(empty)
    assert migrate(opened.engine) is False
    opened.close()


def test_a_restart_of_the_server_is_survived(postgres: Postgres, shared: ControlTables) -> None:
    shared.add_tenant(Tenant(id="a", name="a"), [STREAM], ENTRY)
    postgres.stop()
    try:
        with pytest.raises(StoreUnavailable) as caught:
            shared.tenants()
    finally:
        postgres.start()
    assert caught.value.temporary
    assert "secret" not in f"{caught.value.cause} {caught.value.place}"
    assert [tenant.id for tenant in shared.tenants()] == ["a"]


def test_the_first_host_that_takes_writes_is_used(postgres: Postgres, database: str, tmp_path: Path) -> None:
    base, _, folder = database.partition("?host=")
    opened = open_control(f"{base}?host={tmp_path},{folder}")
    opened.add_tenant(Tenant(id="a", name="a"), [STREAM], ENTRY)
    opened.close()


@pytest.mark.parametrize("url", ["postgresql://u:secret@h/db?nonsense=1", "postgresql://u:secret@[h/db"])
def test_an_address_that_is_none_is_explained_without_its_password(url: str) -> None:
    with pytest.raises(ConfigFault) as caught:
        open_control(url)
    assert caught.value.place == "store.url"
    assert "secret" not in f"{caught.value} {caught.value.__context__.__cause__}"


@pytest.mark.parametrize("name", ["nul \0", "x" * 256])
def test_what_the_database_cannot_hold_is_the_callers_fault(shared: ControlTables, name: str) -> None:
    with pytest.raises(Fault) as caught:
        shared.add_tenant(Tenant(id="a", name=name), [STREAM], ENTRY)
    assert not caught.value.temporary
    assert shared.tenants() == ()


def test_a_backup_fills_an_empty_database_and_no_other(shared: ControlTables, empty: str, tmp_path: Path) -> None:
    shared.add_tenant(Tenant(id="a", name="a"), [STREAM], ENTRY)
    shared.backup(str(tmp_path / "control.db"))
    with pytest.raises(StoreFault, match="in use"):
        fill_from_file(shared.engine, tmp_path / "control.db")
    with pytest.raises(StoreFault, match="replace"):
        shared.backup(str(tmp_path / "control.db"))
    other = open_control(empty, upgrade=True)
    fill_from_file(other.engine, tmp_path / "control.db")
    assert (other.tenants(), other.audit(), other.versions()) == (shared.tenants(), shared.audit(), shared.versions())
    other.record(ENTRY)
    assert len(other.audit()) == 2
    other.close()


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100, None])
def test_what_is_no_copy_fills_nothing(shared: ControlTables, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "control.db"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StoreFault, match="no copy"):
        fill_from_file(shared.engine, file)
    assert shared.tenants() == ()
    assert (file.read_bytes() if file.exists() else None) == content
