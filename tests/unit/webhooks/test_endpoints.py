"""What a tenant may do with its webhooks, and what is refused."""

import pytest

from estafette.base.errors import Fault
from estafette.store.interface.records import Stale
from estafette.tenancy import plans, tenants
from estafette.tenancy.features import NotInPlan
from estafette.tenancy.office import NotFound
from estafette.webhooks import endpoints, keys, log
from estafette.webhooks.endpoints import Wish
from estafette.webhooks.targets import BadTarget, Targets

OPEN = Targets(own=["mx1.example.net"])


@pytest.mark.parametrize(
    "url",
    ["https://shop.example/hooks", "https://shop.example:8443/", "https://1.1.1.1/x", "https://xn--bcher-kva.example/"],
)
def test_addresses_that_can_be_called(url):
    OPEN.check(url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://shop.example/", "TLS only"),
        ("https://shop.example:25/", "port 25"),
        ("https://shop.example:0/", "port 0"),
        ("https://shop.example:99999/", "cannot be read"),
        ("https://MX1.example.net./v1", "back to this service"),
        ("https://127.0.0.1/", "not public"),
        ("https://[::1]/", "not public"),
        ("https://169.254.169.254/latest", "not public"),
        ("https://[", "cannot be read"),
        ("https:///path", "no https address"),
        ("ftp://shop.example/", "no https address"),
        ("shop.example", "no https address"),
        ("https://shop.example/#top", "behind #"),
        ("https://shop.example/a b", "cannot hold"),
        ("https://bücher.example/", "cannot hold"),
        ("https://shop.example/\n", "cannot hold"),
        ("https://shop.example/" + "a" * 2000, "too long"),
    ],
)
def test_addresses_that_cannot(url, why):
    with pytest.raises(BadTarget, match=why):
        OPEN.check(url)


def test_an_operator_opens_what_is_closed():
    Targets(allow_http=True, allow=["10.0.0.0/8"]).check("http://10.1.2.3/hooks")


async def test_a_webhook_shows_no_secret_twice(yard):
    made = yard.webhook(name="Shop", authorization="Bearer abc", events=["bounced", "bounced"])
    shown = endpoints.show(yard.office, "acme", made["id"])
    assert made["secret"].startswith("whsec_")
    assert "secret" not in shown
    assert (shown["authorization"], shown["events"]) == (True, ["bounced"])
    stored = yard.control.webhooks.find(yard.tenant, made["id"])
    assert keys.opened(yard.keyring, stored.id, stored.sealed).authorization == "Bearer abc"
    told = repr(yard.control.audit())
    assert "abc" not in told
    assert made["secret"] not in told


async def test_the_audit_has_no_query_of_an_address(yard):
    yard.webhook(url=f"{yard.receiver.url}?token=abc")
    assert "abc" not in repr(yard.control.audit())
    assert "webhook.create" in repr(yard.control.audit())


async def test_what_is_given_changes_and_the_rest_stays(yard):
    made = yard.webhook(events=["bounced"], authorization="Bearer abc")
    changed = endpoints.update(yard.office, yard.targets, "acme", made["id"], Wish(events=(), concurrency=9))
    assert (changed["events"], changed["concurrency"], changed["url"], changed["authorization"]) == (
        [],
        9,
        made["url"],
        True,
    )
    changed = endpoints.update(yard.office, yard.targets, "acme", made["id"], Wish(status="disabled", authorization=""))
    assert (changed["status"], changed["authorization"]) == ("disabled", False)
    assert changed["reason"].startswith("switched off by")
    changed = endpoints.update(yard.office, yard.targets, "acme", made["id"], Wish(status="active"))
    assert (changed["status"], changed["reason"]) == ("active", "")


@pytest.mark.parametrize(
    ("wish", "place"),
    [
        ({"events": ["exploded"]}, "events"),
        ({"streams": ["nowhere"]}, "streams"),
        ({"concurrency": 0}, "concurrency"),
        ({"concurrency": 33}, "concurrency"),
        ({"authorization": "a\nb"}, "authorization"),
        ({"format": "xml"}, "format"),
        ({"url": "gopher://x"}, "url"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_leaves_nothing(yard, wish, place):
    with pytest.raises(Fault) as fault:
        yard.webhook(**wish)
    assert fault.value.place == place
    assert endpoints.list_all(yard.office, "acme")["items"] == []


async def test_another_tenant_never_finds_it(yard):
    tenants.create(yard.office, "rival")
    made = yard.webhook()
    acts = (
        lambda: endpoints.show(yard.office, "rival", made["id"]),
        lambda: endpoints.update(yard.office, yard.targets, "rival", made["id"], Wish(name="x")),
        lambda: endpoints.rotate(yard.office, "rival", made["id"]),
        lambda: endpoints.remove(yard.office, "rival", made["id"]),
        lambda: log.list_all(yard.office, "rival", made["id"]),
        lambda: log.replay(yard.office, "rival", made["id"], since=1.0, until=2.0, cursor=0, stop=1),
    )
    for act in acts:
        with pytest.raises(NotFound):
            act()


async def test_a_plan_says_how_many(yard):
    plans.create(yard.office, "small", monthly=10, features=["webhooks=1"])
    tenants.update(yard.office, "acme", plan="small")
    yard.webhook()
    with pytest.raises(NotInPlan):
        yard.webhook()


async def test_a_disabled_one_is_neither_tested_nor_replayed(yard):
    made = yard.webhook()
    endpoints.update(yard.office, yard.targets, "acme", made["id"], Wish(status="disabled"))
    with pytest.raises(Fault, match="disabled"):
        log.ping(yard.office, {}, "acme", made["id"])


async def test_a_replay_ends_after_it_begins(yard):
    made = yard.webhook()
    with pytest.raises(Fault, match="ends after"):
        log.replay(yard.office, "acme", made["id"], since=5.0, until=5.0, cursor=0, stop=9)
    for text in ("yesterday", "2027-01-31T12:00:00", ""):
        with pytest.raises(Fault, match="no time"):
            log.moment_of(text, "since")


async def test_what_changed_meanwhile_is_not_disabled_by_us(yard):
    made = yard.webhook()
    seen = yard.control.webhooks.find(yard.tenant, made["id"])
    endpoints.update(yard.office, yard.targets, "acme", made["id"], Wish(name="new"))
    with pytest.raises(Stale):
        endpoints.disable(yard.office, seen, "gone")


async def test_a_place_before_a_moment_is_found_in_the_log(yard):
    for _ in range(40):
        yard.clock.ahead += 86_400
        await yard.happened("queued")
    moment = yard.clock.now() - 10 * 86_400
    place = await log.before(yard.history, moment)
    found = await yard.history.after(place, 1000)
    assert all(event.at >= moment for position, event in found if position > place + 2)
    assert len([1 for _, event in found if event.at >= moment]) == 10
    assert place > 20
