"""Who gets no mail, as programs of three services ask and say it: credentials read, management keys change."""

import time

import pytest

from estafette.store.interface.records import Suppression
from estafette.tenancy import keys, suppressions
from estafette.tenancy.permissions import Actor

NOW = 1_790_000_000.0
DAYS = "from=2001-01-01&to=2099-12-31"


@pytest.fixture
def office(world):
    return world.services.office(Actor(kind="cli", id="", name="test"))


@pytest.fixture
def tenant(office):
    return office.tenant("acme").id


@pytest.fixture
def key(office):
    return keys.create(office, "acme", scopes=["read", "suppressions"])["key"]


@pytest.fixture
def listed(office, tenant):
    """Entries of acme beside nobody@y.example, one day apart; and one of rival."""
    kinds = {"hard": "bounced", "soft": "soft_bounced", "spam": "complained", "left": "unsubscribed"}
    made = [
        Suppression(
            tenant=tenant, stream="", address=f"{name}@y.example", reason=reason, created=NOW - day * 86_400,
            reply="550 no such user" if name == "hard" else "",
        )
        for day, (name, reason) in enumerate(kinds.items(), 1)
    ]  # fmt: skip
    office.control.stops.write(made, None)
    suppressions.add(office, "rival", "other@y.example")
    suppressions.add(office, "acme", "*@gone.example")
    suppressions.add_person(office, "acme", b"x" * 12, reason="erased")


def held(office, tenant):
    return {each.address for each in office.control.suppressions(tenant) if "@" in each.address}


async def test_brevo_lists_whom_it_blocks_and_why(brevo, listed):
    status, told = await brevo("GET", "/v3/smtp/blockedContacts?sort=asc&limit=3&offset=1")
    assert (status, told["count"]) == (200, 5)
    assert [(each["email"], each["reason"]["code"]) for each in told["contacts"]] == [
        ("spam@y.example", "contactFlaggedAsSpam"), ("soft@y.example", "hardBounce"), ("hard@y.example", "hardBounce"),
    ]  # fmt: skip
    assert told["contacts"][2]["reason"]["message"] == "550 no such user"
    assert told["contacts"][2]["blockedAt"].endswith("Z")
    assert (await brevo("GET", "/v3/smtp/blockedContacts?limit=101"))[0] == 400
    assert (await brevo("GET", "/v3/smtp/blockedContacts?startDate=2027-01-01"))[0] == 400
    assert (await brevo("GET", "/v3/smtp/blockedDomains"))[1] == {"domains": ["gone.example"]}


async def test_brevo_changes_with_a_management_key_alone(brevo, listed, key, office, tenant):
    before = held(office, tenant)
    for method, path, body in (
        ("DELETE", "/v3/smtp/blockedContacts/hard@y.example", None),
        ("POST", "/v3/smtp/blockedDomains", {"domain": "bad.example"}),
        ("POST", "/v3/smtp/deleteHardbounces", {}),
    ):
        assert (await brevo(method, path, body))[0] == 403
        assert held(office, tenant) == before
    assert (await brevo("POST", "/v3/smtp/blockedDomains", {"domain": "Bad.example"}, key=key))[0] == 201
    assert (await brevo("DELETE", "/v3/smtp/blockedDomains/gone.example", key=key))[0] == 204
    assert (await brevo("DELETE", "/v3/smtp/blockedDomains/gone.example", key=key))[0] == 404
    assert (await brevo("DELETE", "/v3/smtp/blockedContacts/left@y.example", key=key))[0] == 204
    assert (await brevo("DELETE", "/v3/smtp/blockedContacts/other@y.example", key=key))[0] == 404
    assert (await brevo("POST", "/v3/smtp/deleteHardbounces", {"contactEmail": "soft@y.example"}, key=key))[0] == 204
    assert held(office, tenant) == {"hard@y.example", "spam@y.example", "nobody@y.example", "*@bad.example"}
    assert (await brevo("POST", "/v3/smtp/deleteHardbounces", {}, key=key))[0] == 204
    assert held(office, tenant) == {"spam@y.example", "nobody@y.example", "*@bad.example"}
    assert held(office, office.tenant("rival").id) == {"other@y.example"}


@pytest.fixture
def turbo(world, call, key):
    async def ask(method, path, body=None, *, managing=False):
        mine = world.keys["acme"]
        pair = {"consumerKey": mine["username"], "consumerSecret": mine["password"]}
        headers = {"Authorization": key} if managing else pair
        where = f"/turbosmtp/api/v2/suppressions{path}"
        answer = await call(method, where, body, account="", headers=headers)
        return answer.status, answer.json() if "json" in answer.headers["content-type"] else answer.body.decode()

    return ask


async def test_turbosmtp_lists_and_filters(turbo, listed):
    status, told = await turbo("GET", f"?{DAYS}&ordertype=asc&orderby=recipient&limit=2&page=2")
    assert (status, told["count"]) == (200, 5)
    assert [each["recipient"] for each in told["results"]] == ["nobody@y.example", "soft@y.example"]
    assert (await turbo("GET", f"?{DAYS}&filter_by=bounce,spam"))[1]["count"] == 3
    assert (await turbo("GET", f"?{DAYS}&filter_by=manual"))[1]["results"][0]["source"] == "manual"
    assert (await turbo("GET", f"?{DAYS}&filter=NO+SUCH"))[1]["results"] == [
        {"date": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(NOW - 86_400)), "sender": None, "source": "bounce",
         "subject": "", "recipient": "hard@y.example", "reason": "550 no such user"},
    ]  # fmt: skip
    restrict = [{"by": "recipient", "operator": "exclude", "filter": "nobody"}]
    body = {"from": "2001-01-01", "to": "2099-12-31", "restrict": restrict, "filter_by": ["manual", "spam"]}
    assert [each["recipient"] for each in (await turbo("POST", "", body))[1]["results"]] == ["spam@y.example"]
    status, table = await turbo("GET", f"/csv?{DAYS}&filter_by=unsubscribe")
    assert table.splitlines()[0] == "Status;Subject;From;To;Date;Reason"
    assert table.splitlines()[1].startswith("unsubscribe;;;left@y.example;")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "missing_required_parameter_from"),
        (f"?{DAYS}&filter_by=x", "filter_by_can_only_be_manual_or_bounce_or_spam_or_unsubscribe_or_validation_failed"),
        (f"?{DAYS}&page=0", "page_should_be_greater_than_0"),
        (f"?{DAYS}&orderby=x", "orderby_can_only_be_date_or_source_or_recipient_or_reason"),
    ],
)
async def test_turbosmtp_refuses_with_its_texts(turbo, query, text):
    assert await turbo("GET", query) == (400, {"message": text})


async def test_turbosmtp_changes_with_a_management_key_alone(turbo, listed, office, tenant):
    before = held(office, tenant)
    taken = {"type": "manual", "reason": "asked by telephone", "content": ["New@y.example", "no address"]}
    for path, body in (("/import", taken), ("/bulk_delete", ["hard@y.example"]), ("/delete", {"from": "2001-01-01"})):
        assert (await turbo("POST", path, body))[0] in {400, 403}
        assert held(office, tenant) == before
    status, told = await turbo("POST", "/import", taken, managing=True)
    assert (status, told) == (200, {"status": "success", "valid": ["New@y.example"], "invalid": ["no address"]})
    assert await turbo("POST", "/bulk_delete", [], managing=True) == (400, {"message": "no_contacts_were_provided"})
    assert await turbo("POST", "/bulk_delete", ["hard@y.example"], managing=True) == (200, {"success": True})
    body = {"from": "2001-01-01", "to": "2099-12-31", "filter": "telephone"}
    assert await turbo("POST", "/delete", body, managing=True) == (200, {"success": True})
    assert held(office, tenant) == before - {"hard@y.example"}


async def test_mailjet_shows_whom_it_excludes_and_changes_with_a_management_key_alone(
    call, listed, key, office, tenant
):
    where = "/mailjet/v3/REST/contact"
    told = (await call("GET", f"{where}?IsExcludedFromCampaigns=true&Limit=2")).json()
    assert (told["Count"], told["Total"]) == (2, 5)
    assert (await call("GET", f"{where}/Spam@y.example")).json()["Data"][0]["IsSpamComplaining"] is True
    assert (await call("GET", f"{where}/other@y.example")).status == 404
    before = held(office, tenant)
    change = {"IsExcludedFromCampaigns": "false"}
    assert (await call("PUT", f"{where}/hard@y.example", change)).status == 403
    assert held(office, tenant) == before
    manager = {"Authorization": f"Bearer {key}"}
    assert (await call("PUT", f"{where}/hard@y.example", change, headers=manager)).status == 200
    several = [{"Email": "new@y.example", "IsExcludedFromCampaigns": True}, {"Email": "left@y.example"} | change]
    answer = await call("POST", f"{where}/managemanycontacts", {"Contacts": several}, headers=manager)
    assert answer.status == 201
    assert held(office, tenant) == before - {"hard@y.example", "left@y.example"} | {"new@y.example"}
