"""Routes of a domain: who may have them, what they may say, and what the sender is told."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from estafette.base.errors import Fault
from estafette.model.route import Route
from estafette.store.interface.page import Page
from estafette.store.interface.records import AlreadyThere, Stale
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import domains, proof, routes, tenants
from estafette.tenancy.forward_targets import ForwardTargets
from estafette.tenancy.office import NotFound, Office
from estafette.tenancy.routes import Hook, Ways, Wish
from estafette.webhooks.route_hooks import RouteHooks
from estafette.webhooks.targets import Targets

KEEP = Wish(pattern="info", way="keep")


@pytest.fixture
def made(office: Office) -> Office:
    for name in ("acme", "rival"):
        tenants.create(office, name)
        domains.add(office, name, f"{name}.test")
        proof.verify(office, f"{name}.test")
    return office


@pytest.fixture
def ways(made: Office) -> Ways:
    return Ways(ForwardTargets(own=(made.hostname,)), RouteHooks(Targets(), made.keyring, made.now))


def test_a_route_of_each_way_is_made_and_shown(made: Office, ways: Ways) -> None:
    wishes = {
        ("*", "keep", ""): "",
        ("sales.*", "forward", "smtp://Mail.acme.test"): "smtp://mail.acme.test:25",
        ("shop", "webhook", "https://shop.acme.test/in?key=s3cret"): "https://shop.acme.test/in?key=s3cret",
        ("old", "reject", "moved to new@acme.test"): "moved to new@acme.test",
        ("gone", "reject", ""): "this address takes no mail",
    }
    for (pattern, way, target), kept in wishes.items():
        answer = routes.create(made, ways, "acme", "acme.test", Wish(pattern=pattern, way=way, target=target))
        shown = routes.show(made, "acme", str(answer["id"]))
        assert (shown["pattern"], shown["way"], shown["target"]) == (pattern, way, kept)
        assert answer == shown | {"secret": answer["secret"]}
        assert bool(answer["secret"]) == (way == "webhook")
    assert len(routes.list_all(made, "acme")["items"]) == len(wishes)
    assert "s3cret" not in str(made.control.audit(limit=20))


def test_it_is_heard_by_the_gate(made: Office, ways: Ways, directory: DirectorySnapshot) -> None:
    routes.create(made, ways, "acme", "acme.test", KEEP)
    directory.reload()
    for domain, count in (("acme.test", 1), ("in.acme.test", 1), ("in.in.acme.test", 0), ("x.acme.test", 0)):
        assert len(directory.routes(domain)) == count, domain


def test_a_domain_below_that_is_somebodys_own_goes_by_its_own_routes(
    made: Office, ways: Ways, directory: DirectorySnapshot
) -> None:
    routes.create(made, ways, "acme", "acme.test", KEEP)
    domains.add(made, "rival", "in.acme.test")
    directory.reload()
    assert len(directory.routes("in.acme.test")) == 1, "nobody has proved it"
    proof.verify(made, "in.acme.test")
    directory.reload()
    assert directory.routes("in.acme.test") == ()


def test_only_a_proved_domain_of_ones_own_has_routes(made: Office, ways: Ways) -> None:
    domains.add(made, "acme", "new.test")
    with pytest.raises(Fault, match="not proved"):
        routes.create(made, ways, "acme", "new.test", KEEP)
    for domain in ("rival.test", "nobody.test"):
        with pytest.raises(NotFound):
            routes.create(made, ways, "acme", domain, KEEP)
        with pytest.raises(NotFound):
            routes.list_all(made, "acme", domain=domain)


@pytest.mark.parametrize(
    "pattern", ["", "@", "a b", "a@b", ".a", "a..b", "*a*b*c*d*", "**", '"a b"', "a" * 65, "info@rival.test", "a\0b"]
)
def test_what_no_address_could_be_is_no_pattern(made: Office, ways: Ways, pattern: str) -> None:
    with pytest.raises(Fault) as caught:
        routes.create(made, ways, "acme", "acme.test", Wish(pattern=pattern, way="keep"))
    assert caught.value.place == "pattern"
    assert routes.list_all(made, "acme")["items"] == []


@pytest.mark.parametrize(
    ("pattern", "kept"), [("INFO", "info"), ("info@acme.test", "info"), ("*", "*"), ("réception", "réception")]
)
def test_a_pattern_is_kept_in_lower_case(made: Office, ways: Ways, pattern: str, kept: str) -> None:
    assert routes.create(made, ways, "acme", "acme.test", Wish(pattern=pattern, way="keep"))["pattern"] == kept


@pytest.mark.parametrize(
    ("way", "target", "place"),
    [
        ("bounce", "", "way"),
        ("keep", "somewhere", "target"),
        ("forward", "", "target"),
        ("forward", "smtp://127.0.0.1", "target"),
        ("forward", "smtp://mx1.service.test", "target"),
        ("webhook", "", "target"),
        ("webhook", "http://shop.acme.test/", "target"),
        ("webhook", "https://10.0.0.1/", "target"),
        ("reject", "é", "target"),
        ("reject", "a\r\n250 ok", "target"),
        ("reject", "x" * 201, "target"),
    ],
)
def test_what_cannot_be_a_target_is_named(made: Office, ways: Ways, way: str, target: str, place: str) -> None:
    with pytest.raises(Fault) as caught:
        routes.create(made, ways, "acme", "acme.test", Wish(pattern="info", way=way, target=target))
    assert caught.value.place == place
    assert routes.list_all(made, "acme")["items"] == []


def test_a_pattern_stands_once_and_a_domain_has_a_hundred(
    made: Office, ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    routes.create(made, ways, "acme", "acme.test", KEEP)
    other = routes.create(made, ways, "acme", "acme.test", Wish(pattern="sales", way="keep"))
    with pytest.raises(AlreadyThere):
        routes.create(made, ways, "acme", "acme.test", KEEP)
    with pytest.raises(AlreadyThere):
        routes.update(made, ways, "acme", str(other["id"]), Wish(pattern="info"))
    monkeypatch.setattr(routes, "MOST", 2)
    with pytest.raises(Fault, match="at most 2"):
        routes.create(made, ways, "acme", "acme.test", Wish(pattern="more", way="keep"))


def test_a_change_leaves_what_is_not_named(made: Office, ways: Ways) -> None:
    first = Wish(pattern="info", way="forward", target="lmtp://mail.acme.test:24")
    route = str(routes.create(made, ways, "acme", "acme.test", first)["id"])
    answer = routes.update(made, ways, "acme", route, Wish(pattern="sales"))
    assert (answer["pattern"], answer["way"], answer["target"]) == ("sales", "forward", "lmtp://mail.acme.test:24")
    answer = routes.update(made, ways, "acme", route, Wish(way="keep"))
    assert (answer["way"], answer["target"]) == ("keep", "")
    with pytest.raises(Fault):
        routes.update(made, ways, "acme", route, Wish(way="forward"))
    entry = made.control.audit(limit=1)[0]
    assert (entry.action, entry.before) == ("route.update", {"way": "forward", "target": "lmtp://mail.acme.test:24"})


def test_what_somebody_else_changed_is_left_alone(made: Office, ways: Ways) -> None:
    made_route = routes.create(made, ways, "acme", "acme.test", KEEP)
    late = msgspec.structs.replace(made, expected=1)
    for act in (
        lambda: routes.update(late, ways, "acme", str(made_route["id"]), Wish(pattern="x")),
        lambda: routes.remove(late, "acme", str(made_route["id"])),
    ):
        with pytest.raises(Stale):
            act()
    routes.remove(made, "acme", str(made_route["id"]))
    assert [entry.action for entry in made.control.audit(limit=2)] == ["route.remove", "route.create"]


def test_a_strangers_route_is_not_found(made: Office, ways: Ways) -> None:
    route = str(routes.create(made, ways, "acme", "acme.test", KEEP)["id"])
    for act in (
        lambda: routes.show(made, "rival", route),
        lambda: routes.update(made, ways, "rival", route, Wish(way="keep")),
        lambda: routes.remove(made, "rival", route),
        lambda: routes.try_out(made, "info@acme.test", "rival"),
    ):
        with pytest.raises(NotFound):
            act()
    assert routes.list_all(made, "rival")["items"] == []
    assert len(routes.list_all(made, "acme", Page(limit=1))["items"]) == 1


@pytest.mark.parametrize(
    ("address", "pattern", "answer"),
    [
        ("info@acme.test", "info", "250"),
        ("info+x@ACME.test", "info", "250"),
        ("info@in.acme.test", "info", "250"),
        ("shop@acme.test", "shop", "what smtp://mail.acme.test:25 answers"),
        ("old@acme.test", "old", "550 5.7.1 moved"),
        ("else@acme.test", None, "550 5.1.1 no such address here"),
        ("info@rival.test", None, "550 5.7.1 relaying denied"),
    ],
)
def test_trying_out_says_what_the_sender_hears(
    made: Office, ways: Ways, address: str, pattern: str | None, answer: str
) -> None:
    for wish in (
        KEEP,
        Wish(pattern="shop", way="forward", target="smtp://mail.acme.test"),
        Wish(pattern="old", way="reject", target="moved"),
    ):
        routes.create(made, ways, "acme", "acme.test", wish)
    found = routes.try_out(made, address)
    assert found["answer"] == answer
    assert (msgspec.convert(found["route"], dict)["pattern"] if found["route"] else None) == pattern


def test_nothing_is_taken_while_the_tenant_is_suspended(made: Office, ways: Ways) -> None:
    routes.create(made, ways, "acme", "acme.test", KEEP)
    tenants.suspend(made, "acme", reason="unpaid")
    assert routes.try_out(made, "info@acme.test")["answer"] == "550 5.7.1 relaying denied"
    with pytest.raises(NotFound):
        routes.try_out(made, "info@nobody.test")
    with pytest.raises(Fault):
        routes.try_out(made, "info")


def test_the_way_home_is_advice_once_there_are_routes(made: Office, ways: Ways) -> None:
    def of_mail() -> list[tuple[str, str]]:
        lines = msgspec.convert(domains.show(made, "acme.test")["records"], list[dict[str, str]])
        return [(line["name"], line["purpose"]) for line in lines if line["type"] == "MX"][1:]

    assert of_mail() == [("in.acme.test", "inbound")]
    routes.create(made, ways, "acme", "acme.test", KEEP)
    assert of_mail() == [("in.acme.test", "inbound"), ("acme.test", "mx")]
    zone = str(domains.spelled(made, "acme.test", "bind")["zone_file"])
    (line,) = [each for each in zone.splitlines() if "acme.test. 3600 IN MX" in each and "in.acme" not in each]
    assert line.startswith(";"), "pasting it must not take a company's mailbox away"
    listed = msgspec.convert(domains.list_all(made)["items"], list[dict[str, Any]])
    led = {each["domain"]: any(line["purpose"] == "mx" for line in each["records"]) for each in listed}
    assert led == {"acme.test": True, "rival.test": False}


def test_hooks_are_asked_and_nobody_else_knows_the_secret(made: Office) -> None:
    class Asked:
        def hook(self, route: Route, url: str, *, fresh: bool) -> Hook:
            return Hook(f"{url}/{route.pattern}/{fresh}", b"sealed", "told")

    ways = Ways(ForwardTargets(), Asked())
    answer = routes.create(made, ways, "acme", "acme.test", Wish(pattern="a", way="webhook", target="u"))
    assert (answer["target"], answer["secret"]) == ("u/a/False", "told")
    with pytest.raises(Fault, match="only calls"):
        routes.update(made, ways, "acme", str(answer["id"]), Wish(way="keep", fresh=True))
    kept = made.control.routes.find(str(answer["tenant"]), str(answer["id"]))
    assert kept is not None
    assert kept.sealed == b"sealed"
    routes.update(made, ways, "acme", kept.id, Wish(way="keep"))
    after = made.control.routes.find(kept.tenant, kept.id)
    assert after is not None
    assert after.sealed == b""
