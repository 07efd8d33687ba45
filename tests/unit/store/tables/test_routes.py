from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from estafette.base.seal import Keyring
from estafette.model.domain import Domain
from estafette.model.route import Route
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.store.interface.page import FIRST, Page
from estafette.store.interface.records import AlreadyThere, AuditEntry, Stale
from estafette.store.tables.control import ControlTables
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import keyring
from estafette.tenancy.office import Office
from estafette.webhooks import keys
from estafette.webhooks.keys import Key, Keys

ENTRY = AuditEntry(at=1.0, actor="test", action="test")


@pytest.fixture(autouse=True)
def _owners(control: ControlTables) -> None:
    for tenant in ("a", "b"):
        control.add_tenant(Tenant(id=tenant, name=tenant), [Stream(tenant=tenant, name="bulk", kind="bulk")], ENTRY)
    control.add_domain(Domain(id="1", tenant="a", name="x.test", status="verified"), [], ENTRY)
    control.add_domain(Domain(id="2", tenant="b", name="x.test"), [], ENTRY)
    control.add_domain(Domain(id="3", tenant="b", name="y.test", status="warning"), [], ENTRY)


def _route(name: str, **fields: object) -> Route:
    given = {"tenant": "a", "domain": "x.test", "pattern": name, "way": "keep", "created": 5.0}
    return Route(id=name, **given | fields)


def _domain(control: ControlTables, name: str) -> Domain:
    return next(each for each in control.domains() if each.id == name)


def test_a_route_comes_back_as_it_was(control: ControlTables) -> None:
    made = _route("r", pattern="info", way="webhook", target="https://hook.test/é", sealed=b"\x00sealed")
    control.routes.add_route(made, ENTRY)
    found = control.routes.find("a", "r")
    assert found is not None
    assert found.version > 0
    assert replace(found, version=0) == made


@pytest.mark.parametrize(("tenant", "name"), [("b", "r"), ("a", "s"), ("a", "r\0"), ("", "r")])
def test_only_its_tenant_finds_it(control: ControlTables, tenant: str, name: str) -> None:
    control.routes.add_route(_route("r"), ENTRY)
    assert control.routes.find(tenant, name) is None
    assert control.routes.page(FIRST, tenant="b").items == ()
    assert control.routes.of("b", "x.test") == ()


def test_pages_go_by_age_within_a_tenant(control: ControlTables) -> None:
    for name, created in (("r1", 3.0), ("r2", 1.0), ("r3", 2.0)):
        control.routes.add_route(_route(name, created=created), ENTRY)
    control.routes.add_route(_route("r4", tenant="b", domain="y.test"), ENTRY)
    first = control.routes.page(Page(limit=2), tenant="a")
    rest = control.routes.page(Page(limit=2, after=first.next), tenant="a")
    assert [each.id for each in (*first.items, *rest.items)] == ["r2", "r3", "r1"]
    assert rest.next == ""
    assert [each.id for each in control.routes.of("a", "x.test")] == ["r2", "r3", "r1"]
    assert control.routes.page(FIRST, tenant="a", domain="y.test").items == ()


def test_one_pattern_once_in_a_domain(control: ControlTables) -> None:
    control.routes.add_route(_route("r", pattern="info"), ENTRY)
    with pytest.raises(AlreadyThere):
        control.routes.add_route(_route("s", pattern="info"), ENTRY)
    control.routes.add_route(_route("t", pattern="info", tenant="b"), ENTRY)


def test_a_domain_that_is_not_there_has_no_routes(control: ControlTables) -> None:
    with pytest.raises(Stale):
        control.routes.add_route(_route("r", domain="z.test"), ENTRY)
    with pytest.raises(Stale):
        control.routes.add_route(_route("r", domain="y.test"), ENTRY)


def test_what_changed_since_is_neither_changed_nor_removed(control: ControlTables) -> None:
    control.routes.add_route(_route("r"), ENTRY)
    old = control.routes.find("a", "r")
    assert old is not None
    control.routes.put_route(replace(old, way="reject", target="no"), ENTRY)
    for act in (control.routes.put_route, control.routes.remove_route):
        with pytest.raises(Stale):
            act(old, ENTRY)
    new = control.routes.find("a", "r")
    assert new is not None
    assert (new.way, new.target) == ("reject", "no")
    control.routes.remove_route(new, ENTRY)
    assert control.routes.find("a", "r") is None


def test_routes_go_with_their_domain(control: ControlTables, directory: DirectorySnapshot) -> None:
    control.routes.add_route(_route("r"), ENTRY)
    control.routes.add_route(_route("s", tenant="b"), ENTRY)
    directory.reload()
    control.sending.remove_domain(_domain(control, "1"), ENTRY)
    directory.reload()
    assert control.routes.find("a", "r") is None
    assert control.routes.find("b", "s") is not None
    assert directory.routes("x.test") == ()


def test_only_who_has_proved_a_domain_gets_its_mail(control: ControlTables, directory: DirectorySnapshot) -> None:
    for name, fields in (("r", {}), ("s", {"tenant": "b"}), ("t", {"tenant": "b", "domain": "y.test"})):
        control.routes.add_route(_route(name, **fields), ENTRY)
    directory.reload()
    # A warning is about records, and mail that was refused meanwhile would be lost.
    known = {domain: [each.id for each in directory.routes(domain)] for domain in ("x.test", "y.test", "z.test", "")}
    assert known == {"x.test": ["r"], "y.test": ["t"], "z.test": [], "": []}
    control.put_domain(replace(_domain(control, "1"), status="pending"), ENTRY)
    directory.reload()
    assert directory.routes("x.test") == ()
    control.put_domain(replace(_domain(control, "2"), status="verified"), ENTRY)
    directory.reload()
    assert [each.id for each in directory.routes("x.test")] == ["s"]


@pytest.mark.parametrize("status", ["pending", "suspended"])
def test_a_domain_that_may_not_send_takes_nothing(
    control: ControlTables, directory: DirectorySnapshot, status: str
) -> None:
    control.routes.add_route(_route("r"), ENTRY)
    control.put_domain(replace(_domain(control, "1"), status=status), ENTRY)
    directory.reload()
    assert directory.routes("x.test") == ()


def test_a_suspended_tenant_takes_nothing_until_it_may_again(
    control: ControlTables, directory: DirectorySnapshot
) -> None:
    control.routes.add_route(_route("r"), ENTRY)
    for status, expected in (("suspended", 0), ("active", 1)):
        tenant = next(each for each in control.tenants() if each.id == "a")
        control.put_tenant(replace(tenant, status=status), ENTRY)
        directory.reload()
        assert len(directory.routes("x.test")) == expected


def test_a_change_is_heard_and_a_removal_too(control: ControlTables, directory: DirectorySnapshot) -> None:
    control.routes.add_route(_route("r"), ENTRY)
    directory.reload()
    found = control.routes.find("a", "r")
    assert found is not None
    control.routes.put_route(replace(found, target="lmtp://mail.test:24", way="forward"), ENTRY)
    directory.reload()
    assert [(each.way, each.target) for each in directory.routes("x.test")] == [("forward", "lmtp://mail.test:24")]
    changed = control.routes.find("a", "r")
    assert changed is not None
    control.routes.remove_route(changed, ENTRY)
    directory.reload()
    assert directory.routes("x.test") == ()


def test_what_signs_its_calls_is_sealed_again_with_a_new_key(
    office: Office, control: ControlTables, tmp_path: Path
) -> None:
    held = Keys((Key("whsec_x"),))
    control.routes.add_route(_route("r", way="webhook", sealed=keys.seal(office.keyring, "r", held)), ENTRY)
    control.routes.add_route(_route("s"), ENTRY)
    keyring.rotate(office)
    again = replace(office, keyring=Keyring.load(tmp_path / "keyring"))
    assert keyring.reseal(again) == {"values": 1, "resealed": 1, "unreadable": 0}
    found = control.routes.find("a", "r")
    assert found is not None
    assert again.keyring.key_of(found.sealed) == again.keyring.current
    assert keys.opened(again.keyring, "r", found.sealed) == held
