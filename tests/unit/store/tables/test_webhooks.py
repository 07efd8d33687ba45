from __future__ import annotations

import msgspec
import pytest

from estafette.model.domain import Domain
from estafette.model.route import Route
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.model.webhook import Call, LogReader, Webhook
from estafette.store.interface.page import BadCursor, Page
from estafette.store.interface.records import AuditEntry, Stale
from estafette.store.interface.webhooks import Backlog, Settlement
from estafette.store.tables.control import ControlTables

ENTRY = AuditEntry(at=1.0, actor="test", action="test")


@pytest.fixture
def webhooks(control: ControlTables):
    for name in ("a", "b"):
        control.add_tenant(Tenant(id=name, name=name), [Stream(tenant=name, name="bulk", kind="bulk")], ENTRY)
    return control.webhooks


def webhook(**fields):
    return Webhook(**{"id": "w", "tenant": "a", "url": "https://hook.example/", "sealed": b"s", **fields})


def call(number, **fields):
    return Call(
        **{
            "webhook": "w",
            "id": f"c{number}",
            "place": number,
            "message": 1,
            "kind": "delivered",
            "body": b"{}",
            "created": float(number),
            **fields,
        }
    )


def ids(calls):
    return [each.id for each in calls]


def test_a_webhook_comes_back_as_it_was_and_is_its_tenants_alone(webhooks):
    made = webhook(events=("delivered",), streams=("bulk",), name="Shop", format="mailjet", created=2.0)
    webhooks.add(made, ENTRY)
    found = webhooks.find("a", "w")
    assert msgspec.structs.replace(found, version=0) == made
    assert webhooks.find("b", "w") is None
    assert webhooks.find("a", "w\0") is None
    assert (ids(webhooks.page(Page(), tenant="a").items), ids(webhooks.page(Page(), tenant="b").items)) == (["w"], [])


def test_a_change_steps_the_counter_and_needs_what_was_seen(webhooks):
    webhooks.add(webhook(), ENTRY)
    before, seen = webhooks.version(), webhooks.find("a", "w")
    webhooks.change(msgspec.structs.replace(seen, status="disabled", reason="gone"), ENTRY)
    assert webhooks.version() == (before[0] + 1, *before[1:])
    assert webhooks.active() == ()
    with pytest.raises(Stale):
        webhooks.change(seen, ENTRY)
    with pytest.raises(Stale):
        webhooks.remove(seen, ENTRY)


def test_what_goes_with_a_webhook_goes_when_it_is_removed(webhooks):
    webhooks.add(webhook(), ENTRY)
    webhooks.settle(Settlement(now=1.0, calls=[call(1)], readers=[LogReader(cursor=5)]))
    webhooks.replay(LogReader(id="r", webhook="w", stop=9), ENTRY)
    webhooks.remove(webhooks.find("a", "w"), ENTRY)
    assert webhooks.call("w", "c1") is None
    assert webhooks.readers() == (LogReader(cursor=5),)


def test_calls_are_written_over_and_read_newest_first(webhooks):
    webhooks.settle(Settlement(now=1.0, calls=[call(number) for number in range(1, 6)]))
    webhooks.settle(Settlement(now=1.0, calls=[call(3, state="done", tried=1, tries=({"at": 1.0, "status": 200},))]))
    first = webhooks.calls(Page(limit=2), webhook="w")
    rest = webhooks.calls(Page(limit=9, after=first.next), webhook="w")
    assert ids(first.items) + ids(rest.items) == ["c5", "c4", "c3", "c2", "c1"]
    assert rest.next == ""
    (done,) = webhooks.calls(Page(), webhook="w", state="done").items
    assert done.attempts[0].status == 200
    assert webhooks.call("w", "c3\0") is None
    with pytest.raises(BadCursor):
        webhooks.calls(Page(after="x"), webhook="w")


def test_what_is_due_comes_in_its_order_and_what_waits_does_not(webhooks):
    webhooks.settle(
        Settlement(
            now=1.0,
            calls=[
                call(1, due=9.0),
                call(2),
                call(3, message=2, due=5.0),
                call(4, message=3, due=20.0),
                call(5, webhook="x", due=1.0),
            ],
        )
    )
    assert ids(webhooks.due("w", 10.0, 9)) == ["c3", "c1"]
    assert ids(webhooks.due("w", 10.0, 1)) == ["c3"]
    assert webhooks.blocked("w", {1, 2, 7}) == {1, 2}
    assert webhooks.backlogs() == {"w": Backlog(4, 5.0), "x": Backlog(1, 1.0)}


def test_the_end_of_a_call_lets_the_next_of_its_message_go(webhooks):
    webhooks.settle(Settlement(now=1.0, calls=[call(1, due=1.0), call(2), call(3)]))
    webhooks.settle(Settlement(now=7.0, calls=[call(1, state="done")], ended={("w", 1), ("w", 99)}))
    assert [(each.id, each.due) for each in webhooks.due("w", 7.0, 9)] == [("c2", 7.0)]
    webhooks.settle(Settlement(now=8.0, ended={("w", 1)}))  # one of them may go already: no other does beside it
    assert ids(webhooks.due("w", 9.0, 9)) == ["c2"]


def test_a_settlement_is_one(webhooks):
    webhooks.add(webhook(), ENTRY)
    seen = webhooks.find("a", "w").version
    webhooks.replay(LogReader(id="r", webhook="w"), ENTRY)
    webhooks.settle(
        Settlement(now=1.0, readers=[LogReader(cursor=3), LogReader(id="r", webhook="w", cursor=2)], failing={"w": 1.0})
    )
    assert {each.id: each.cursor for each in webhooks.readers()} == {"": 3, "r": 2}
    assert (webhooks.find("a", "w").failing, webhooks.find("a", "w").version) == (1.0, seen)
    webhooks.settle(Settlement(now=2.0, finished={"r"}))
    assert [each.id for each in webhooks.readers()] == [""]


def test_the_log_of_calls_keeps_the_newest(webhooks):
    webhooks.add(webhook(), ENTRY)
    done = [call(number, state="done") for number in range(1, 6)]
    others = [call(6, state="failed"), call(7, due=1.0), call(8, webhook="gone", due=1.0)]
    webhooks.settle(Settlement(now=1.0, calls=done + others, readers=[LogReader(), LogReader(id="g", webhook="gone")]))
    assert webhooks.prune(2.0, 3) == 3
    assert ids(webhooks.calls(Page(), webhook="w").items) == ["c7", "c6", "c5", "c4", "c3"]
    assert [each.id for each in webhooks.readers()] == [""]
    assert webhooks.prune(8.0, 3) == 4
    assert ids(webhooks.calls(Page(), webhook="w").items) == ["c7"]


def _route(**more):
    given = {"id": "r", "tenant": "a", "domain": "x.test", "pattern": "*", "way": "webhook", "target": "https://hook"}
    return Route(**given | {"sealed": b"s", "created": 4.0} | more)


def test_the_address_of_a_route_is_called_as_long_as_the_route_says(webhooks, control):
    control.add_domain(Domain(id="1", tenant="a", name="x.test", status="verified"), [], ENTRY)
    hooks, routes = webhooks, control.routes
    before = hooks.version()
    routes.add_route(_route(), ENTRY)
    routes.add_route(_route(id="k", pattern="info", way="keep", target="", sealed=b""), ENTRY)
    (found,) = hooks.active()
    assert (found.id, found.tenant, found.url, found.sealed, found.format) == ("r", "a", "https://hook", b"s", "mail")
    assert hooks.version() != before
    assert hooks.find("a", "r") is None
    hooks.settle(Settlement(now=1.0, calls=[call(1, webhook="r"), call(2, webhook="gone")]))
    hooks.prune(0.0, 10)
    assert hooks.call("r", "c1") is not None
    assert hooks.call("gone", "c2") is None
    before, seen = hooks.version(), routes.find("a", "r")
    routes.put_route(msgspec.structs.replace(seen, way="keep", target="", sealed=b""), ENTRY)
    assert hooks.version() != before
    assert hooks.active() == ()
    hooks.prune(0.0, 10)
    assert hooks.call("r", "c1") is None
