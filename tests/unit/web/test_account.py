"""The account page: what is left, what is stopped and how it goes on; for its people and for nobody else."""

import re

import pytest
from tests.unit.web.asgi import call
from tests.unit.web.test_log_in import MAIL, enter, jar
from tests.unit.web.test_people import _cheap, anna, office  # noqa: F401  # fixtures

from estafette.store.interface.plans import Usage
from estafette.tenancy import paces, plans, routes, suspensions, tenants, users
from estafette.tenancy.consumption import calendar_of
from estafette.tenancy.routes import Wish
from estafette.web.dashboard.account import gauges
from estafette.web.dashboard.account_words import ENGLISH, FRENCH, account_words
from estafette.webhooks import route_hooks


@pytest.fixture
async def look(world, anna):  # noqa: F811
    """Return the page for a language and a choice, without its markup."""
    cookie = jar(await enter(world))

    async def get(language="en", query=""):
        answer = await call(world.app, "GET", f"/account{query}", headers=cookie | {"Accept-Language": language})
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.body.decode()))
        return answer, text

    return get


def used(office, units, *, name="acme"):  # noqa: F811
    """Count units of today and of this month."""
    tenant = office.tenant(name)
    with office.control.plans.books() as books:
        for period in ("month", "day"):
            start = calendar_of(tenant).window(period, office.now()).start
            row = Usage(tenant=tenant.id, period=period, start=start, stream="bulk", units=units, plan=units)
            books.add_usage([row])


async def test_it_says_what_is_used_what_is_left_and_when_that_ends(office, look):  # noqa: F811
    plans.create(office, "small", monthly=3000, daily=2000)
    tenants.update(office, "acme", plan="small", overage="stop")
    used(office, 1200)
    answer, text = await look()
    assert answer.status == 200
    assert "1,200 of 3,000 units used, 1,800 left" in text
    assert "1,200 of 2,000 units used, 800 left" in text
    assert re.search(r"1,200 units a day, units run out on \d{4}-\d\d-\d\d", text)
    assert "1 200 unités utilisées sur 3 000" in (await look("fr"))[1].replace("\u202f", " ")


async def test_it_says_why_mail_is_stopped_and_the_way_back(world, office, look):  # noqa: F811
    login = world.keys["acme"]
    assert "Nothing is stopped" in (await look())[1]
    made = suspensions.create(office, "acme", credential=login["username"], reason="<b>trap</b>")
    other = suspensions.create(office, "acme", stream="bulk")
    suspensions.release(office, str(other["id"]))
    text = (await look())[1]
    for part in (
        f"the credential {login['username']}", "The operator of the service stopped it.", "&lt;b&gt;trap&lt;/b&gt;",
        str(made["mail_kept_until"])[:10], str(made["id"]), "the stream bulk", "was released, and leaves", "paused",
    ):  # fmt: skip
        assert part in text, part
    assert f"l’identifiant {login['username']}" in (await look("fr"))[1]


async def test_it_says_what_is_slowed_and_how_it_goes_on(office, look):  # noqa: F811
    assert "What is slowed" not in (await look())[1]
    made = paces.create(office, "acme", "bulk", 1200, site="mx.test", hours=2, reason="<b>warm-up</b>")
    text = (await look())[1]
    for part in (
        "the stream bulk to mx.test", "1,200 recipients an hour", "&lt;b&gt;warm-up&lt;/b&gt;", str(made["id"]),
        str(made["until"])[:10],
    ):  # fmt: skip
        assert part in text, part
    assert "le flux bulk vers mx.test" in (await look("fr"))[1]


async def test_domains_and_logins_are_there_with_their_state(world, look):
    _, text = await look()
    assert re.search(r"acme\.example\s+verified", text)
    assert re.search(rf"{world.keys['acme']['username']}\s+stream transactional · never used", text)
    assert "rival" not in text


async def test_where_incoming_mail_goes_is_shown_to_whoever_may_say_it(world, office, look):  # noqa: F811
    assert ENGLISH["no_route"] in (await look())[1]
    ways = route_hooks.of_settings(world.services.settings, office.keyring, office.now)
    for wish in (
        Wish(pattern="shop", way="webhook", target="https://shop.example/in?key=s3cret"),
        Wish(pattern="*", way="forward", target="smtp://mail.acme.example"),
        Wish(pattern="old", way="reject", target="<b>moved</b>"),
    ):
        routes.create(office, ways, "acme", "acme.example", wish)
    text = (await look())[1]
    for part in (
        "shop@acme.example is kept, and told to https://shop.example/in ", "*@acme.example is handed to smtp://mail",
        "old@acme.example is refused: &lt;b&gt;moved&lt;/b&gt;",
    ):  # fmt: skip
        assert part in text, part
    assert "s3cret" not in text
    assert "*@acme.example est remis à smtp://mail" in (await look("fr"))[1]
    password = users.create(office, "acme", "r@company.example", "reader")["password"]
    cookie = jar(await enter(world, "r@company.example", password))
    page = (await call(world.app, "GET", "/account", headers=cookie)).body.decode()
    assert ("acme.example" in page, "smtp://mail" in page) == (True, False)


async def test_who_has_several_accounts_chooses_and_no_other_is_told_of(world, office, look):  # noqa: F811
    client = tenants.create(office, "Client", parent="acme")["id"]
    answer, text = await look()
    assert f"/account?tenant={client}" in answer.body.decode()
    assert "Client · Estafette" in (await look(query=f"?tenant={client}"))[1]
    for name in ("rival", office.tenant("rival").id, "nobody"):
        answer, text = await look(query=f"?tenant={name}")
        assert (answer.status, "rival" in text) == (404, False)


@pytest.mark.parametrize(("role", "seen"), [("reader", True), ("billing", False)])
async def test_a_role_sees_what_the_api_lets_it_read(world, office, role, seen):  # noqa: F811
    password = users.create(office, "acme", "b@company.example", role)["password"]
    cookie = jar(await enter(world, "b@company.example", password))
    page = (await call(world.app, "GET", "/account", headers=cookie)).body.decode()
    assert ("acme.example" in page) == seen


async def test_who_belongs_to_no_account_is_told_so(world, anna, office, look):  # noqa: F811
    users.create(office, "acme", "z@company.example", "owner")
    users.remove(office, "acme", MAIL)
    answer, text = await look()
    assert (answer.status, ENGLISH["none"] in text) == (200, True)


def test_a_window_is_shown_when_it_limits_or_is_the_month():
    window = {"limit": None, "units": 5, "plan": 3, "end": "x"}
    (month,) = gauges({"month": window, "day": window, "hour": window})
    assert (month["used"], month["left"]) == (5, None)
    limited = window | {"limit": 4}
    month, hour = gauges({"month": limited, "day": window, "hour": limited})
    assert (month["used"], month["left"], hour["used"], hour["left"]) == (3, 1, 5, 0)


def test_both_languages_say_the_same_things():
    assert ENGLISH.keys() == FRENCH.keys()
    for name in ENGLISH:
        assert ENGLISH[name].count("{}") == FRENCH[name].count("{}"), name
    assert [account_words(each).number(1234567) for each in ("en", "fr")] == ["1,234,567", "1\u202f234\u202f567"]
