from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Executable, text
from sqlalchemy.exc import DBAPIError

from estafette.base.errors import StoreFault
from estafette.model.domain import Domain
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.store.interface.records import AlreadyThere, AuditEntry, Credential, Stale, Suppression
from estafette.store.tables.control import open_control
from estafette.store.tables.definitions import METADATA
from estafette.store.tables.definitions.service import AUDIT, TOMBSTONE
from estafette.store.tables.engine import writing
from estafette.store.tables.migrate import migrate
from estafette.tenancy.office import Office

ENTRY = AuditEntry(at=1.0, actor="test", action="test")


def _tenant(office: Office, name: str) -> Tenant:
    tenant = Tenant(id=name, name=name)
    stream = Stream(tenant=name, name="bulk", kind="bulk")
    office.control.add_tenant(tenant, [stream], ENTRY)
    return tenant


def test_the_migration_makes_what_the_definitions_say(office: Office) -> None:
    with office.control.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_migrating_again_changes_nothing(office: Office) -> None:
    assert migrate(office.control.engine) is False


def test_tables_of_a_newer_release_are_left_alone(office: Office) -> None:
    with writing(office.control.engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9000'"))
    with pytest.raises(StoreFault, match="newer release"):
        migrate(office.control.engine)


def test_a_store_without_tables_asks_for_init(tmp_path: Path) -> None:
    with pytest.raises(StoreFault) as caught:
        open_control(tmp_path)
    assert "init" in caught.value.fix


def test_every_write_moves_the_version_and_is_audited(office: Office) -> None:
    before = office.control.versions()
    _tenant(office, "a")
    assert office.control.versions() == before._replace(control=before.control + 1)
    assert office.control.audit()[0] == ENTRY


@pytest.mark.parametrize("act", [AUDIT.update().values(actor="nobody"), AUDIT.delete()], ids=["update", "delete"])
def test_the_audit_only_grows(office: Office, act: Executable) -> None:
    entry = AuditEntry(
        at=2.0, actor="a", action="b", before={"name": "old", "n": [1]}, after={"name": "new"}, address="192.0.2.1"
    )
    office.control.record(entry)
    with pytest.raises(DBAPIError, match="append-only"), writing(office.control.engine) as connection:
        connection.execute(act)
    assert office.control.audit() == (entry,)


def test_a_change_to_what_changed_since_is_refused_and_leaves_nothing(office: Office) -> None:
    _tenant(office, "a")
    seen = office.control.tenants()[0]
    office.control.put_tenant(msgspec.structs.replace(seen, identity="first"), ENTRY)
    before = office.control.versions(), len(office.control.audit())
    with pytest.raises(Stale):
        office.control.put_tenant(msgspec.structs.replace(seen, identity="second"), ENTRY)
    assert (office.control.versions(), len(office.control.audit())) == before
    now = office.control.tenants()[0]
    assert (now.identity, now.version) == ("first", before[0][0])


def test_a_row_that_is_gone_is_not_changed(office: Office) -> None:
    with pytest.raises(Stale):
        office.control.put_tenant(Tenant(id="nobody", name="n"), ENTRY)


def test_what_is_removed_leaves_one_tombstone(office: Office) -> None:
    _tenant(office, "a")
    for _ in range(2):
        office.control.put_suppression(Suppression(tenant="a", stream="", address="x@y.test", reason="manual"), ENTRY)
        assert office.control.remove_suppression("a", "", "x@y.test", ENTRY) == 1
    with office.control.reading() as connection:
        (grave,) = connection.execute(TOMBSTONE.select())
    assert tuple(grave) == ("suppression", '["a","","x@y.test"]', office.control.versions().suppression)


def test_a_refused_write_leaves_nothing(office: Office) -> None:
    _tenant(office, "a")
    before = office.control.versions(), len(office.control.audit())
    with pytest.raises(AlreadyThere):
        office.control.add_tenant(Tenant(id="b", name="a"), [Stream(tenant="b", name="x", kind="bulk")], ENTRY)
    assert (office.control.versions(), len(office.control.audit())) == before
    assert office.control.streams("b") == ()


def test_one_proved_owner_of_a_name(office: Office) -> None:
    for tenant in ("a", "b"):
        _tenant(office, tenant)
        domain = Domain(id=tenant, tenant=tenant, name="example.test")
        office.control.add_domain(domain, [_key(tenant)], ENTRY)
    first, second = office.control.domains(name="example.test")
    office.control.put_domain(Domain(id=first.id, tenant=first.tenant, name=first.name, status="verified"), None)
    for status in ("verified", "warning", "suspended"):
        with pytest.raises(AlreadyThere):
            office.control.put_domain(Domain(id=second.id, tenant=second.tenant, name=second.name, status=status), None)


def _key(tenant: str):
    from estafette.store.interface.records import SealedKey

    return SealedKey(
        tenant=tenant,
        domain="example.test",
        selector="s",
        kind="rsa",
        stage="active",
        sealed=b"x",
        record="p=",
    )


def test_two_threads_that_write_wait_for_each_other(office: Office) -> None:
    failures: list[BaseException] = []

    def write(prefix: str) -> None:
        try:
            for number in range(20):
                _tenant(office, f"{prefix}{number}")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(prefix,)) for prefix in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(office.control.tenants()) == 60


def test_a_backup_opens_as_a_store(office: Office, tmp_path: Path) -> None:
    _tenant(office, "a")
    (tmp_path / "copy").mkdir()
    office.control.backup(str(tmp_path / "copy" / "control.db"))
    copy = open_control(tmp_path / "copy")
    assert copy.tenants() == office.control.tenants()
    copy.close()


def test_a_credential_comes_back_as_it_was(office: Office) -> None:
    _tenant(office, "a")
    credential = Credential(
        id="c", tenant="a", name="n", username="u", stream="bulk", password_sha256=hashlib.sha256(b"p").digest(),
        api_key_sha256=b"k" * 32, senders=("a.test",), networks=("192.0.2.0/24",), created=3.5,
    )  # fmt: skip
    office.control.add_credential(credential, ENTRY)
    version = office.control.versions().control
    assert office.control.credentials("a") == (msgspec.structs.replace(credential, version=version),)
    assert office.control.credentials("b") == ()
