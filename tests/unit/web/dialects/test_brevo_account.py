"""Brevo's templates, senders, domains and account: with a management key changed, with a credential's key read."""

import dataclasses

import pytest

from estafette.base import ids
from estafette.net.authority import Seen
from estafette.tenancy import keys, senders
from estafette.tenancy.permissions import Actor
from estafette.web.app import create_app


@pytest.fixture
def manage(world, brevo):
    """Ask with a management key of acme."""
    office = world.services.office(Actor(kind="cli", id="", name="test"))
    key = keys.create(office, "acme", scopes=["read", "domains", "templates"])["key"]

    async def ask(method, path, body=None):
        return await brevo(method, path, body, key=key)

    return ask


def template(**fields):
    return {"templateName": "Commande à 10 €", "subject": "Dear {{ params.name }}",
            "htmlContent": '<p>{{ params.name|default:"friend" }}</p>', "sender": {"email": "ann@acme.example"}} | fields  # fmt: skip


async def test_a_template_is_added_shown_changed_and_removed(manage):
    status, made = await manage("POST", "/v3/smtp/templates", template(isActive=True))
    assert status == 201
    place = f"/v3/smtp/templates/{made['id']}"
    _, shown = await manage("GET", place)
    assert (shown["id"], shown["name"], shown["isActive"]) == (made["id"], "commande-a-10", True)
    assert (await manage("PUT", place, {"subject": "Other {{ params.name }}"}))[0] == 204
    preview = {"templateId": made["id"], "params": {"name": "Bob"}}
    _, seen = await manage("POST", "/v3/smtp/template/preview", preview)
    assert (seen["subject"], seen["html"]) == ("Other Bob", "<p>Bob</p>")
    _, named = await manage("GET", "/v3/smtp/templates/commande-a-10")
    assert (named["isActive"], named["subject"]) == (True, shown["subject"].replace("Dear", "Other"))
    assert (await manage("DELETE", place))[0] == 204
    assert (await manage("GET", place))[0] == 404


async def test_a_template_that_is_active_is_sent_by_its_number(world, brevo, manage):
    _, made = await manage("POST", "/v3/smtp/templates", template(isActive=True))
    asked = {"sender": {"email": "ann@acme.example"}, "to": [{"email": "bob@y.example"}], "templateId": made["id"]}
    status, told = await brevo("POST", "/v3/smtp/email", asked)
    assert status == 201
    number = ids.read(told["messageId"][1:14])
    identity = world.services.directory.by_api_key(world.keys["acme"]["api_key"])
    assert b"<p>friend</p>" in await world.services.recall.body(identity, number)


async def test_templates_are_listed_by_state_newest_first(manage):
    for name, active in (("18", True), ("draft", False)):
        await manage("POST", "/v3/smtp/templates", template(templateName=name, isActive=active))
    _, told = await manage("GET", "/v3/smtp/templates")
    assert (told["count"], [each["name"] for each in told["templates"]]) == (2, ["draft", "18"])
    assert told["templates"][1]["id"] == 18
    _, told = await manage("GET", "/v3/smtp/templates?templateStatus=false&sort=asc&limit=1")
    assert [each["name"] for each in told["templates"]] == ["draft"]


async def test_what_a_template_does_not_have_here_is_refused_by_name(manage, brevo):
    _, made = await manage("POST", "/v3/smtp/templates", template(isActive=True))
    place = f"/v3/smtp/templates/{made['id']}"
    for method, path, body, status, code, word in (
        ("POST", "/v3/smtp/templates", template(templateName="b", tag="x"), 406, "not_acceptable", "tag"),
        ("POST", "/v3/smtp/templates", template(templateName="b", replyTo="x@y.example"), 406, "not_acceptable", "replyTo"),
        ("POST", "/v3/smtp/templates", template(), 400, "duplicate_parameter", "commande-a-10"),
        ("POST", "/v3/smtp/templates", template(templateName="b", htmlContent=None), 400, "missing_parameter", "html"),
        ("POST", "/v3/smtp/templates", template(templateName="b", subject="{% load x %}"), 406, "not_acceptable", "load"),
        ("POST", "/v3/smtp/templates", {"subject": "x"}, 400, "missing_parameter", "templateName"),
        ("PUT", place, {"isActive": False}, 406, "not_acceptable", "isActive"),
        ("POST", f"{place}/sendTest", {"emailTo": []}, 406, "not_acceptable", "sendTest"),
        ("POST", "/v3/smtp/template/preview", {"templateId": made["id"], "email": "a@b.example"}, 406,
         "not_acceptable", "email"),
        ("GET", "/v3/smtp/templates/77", None, 404, "document_not_found", "77"),
    ):  # fmt: skip
        answered, told = await manage(method, path, body)
        assert (answered, told["code"]) == (status, code), (path, body, told)
        assert word in told["message"]
    answered, told = await brevo("POST", "/v3/smtp/templates", template(templateName="c"))
    assert (answered, told["code"]) == (403, "permission_denied")


async def test_a_sender_is_added_and_verified_by_its_link_alone(world, manage, brevo):
    status, made = await manage("POST", "/v3/senders", {"name": "Ann", "email": "Ann@elsewhere.example"})
    assert (status, made["spfError"], made["dkimError"]) == (201, True, True)
    _, told = await brevo("GET", "/v3/senders")
    (one,) = told["senders"]
    assert (one["id"], one["email"].lower(), one["active"]) == (made["id"], "ann@elsewhere.example", False)
    assert (await brevo("GET", "/v3/senders?domain=other.example"))[1] == {"senders": []}
    for place, body, word in (
        (f"/v3/senders/{made['id']}/validate", {"otp": 123456}, "link"),
        (f"/v3/senders/{made['id']}", {"name": "Other"}, "name"),
    ):
        answered, refusal = await manage("PUT", place, body)
        assert (answered, refusal["code"]) == (406, "not_acceptable")
        assert word in refusal["message"]
    office = world.services.office(Actor(kind="cli", id="", name="test"))
    assert [each["status"] for each in senders.list_all(office, "acme")["items"]] == ["pending"]
    assert (await manage("DELETE", f"/v3/senders/{made['id']}"))[0] == 204
    assert (await manage("DELETE", f"/v3/senders/{made['id']}"))[0] == 404


async def test_a_sender_may_be_named_by_its_number(world, manage, brevo):
    _, made = await manage("POST", "/v3/senders", {"name": "Ann", "email": "ann@elsewhere.example"})
    asked = {"sender": {"id": made["id"]}, "to": [{"email": "bob@y.example"}], "subject": "s", "textContent": "t"}
    answered, told = await brevo("POST", "/v3/smtp/email", asked)
    assert (answered, told["code"]) == (403, "permission_denied")  # until the link was opened
    assert "sender_not_allowed" in told["message"]


async def test_domains_are_added_with_their_records_and_removed(manage, brevo):
    status, made = await manage("POST", "/v3/senders/domains", {"name": "new.example"})
    assert (status, made["domain_name"]) == (201, "new.example")
    records = made["dns_records"]
    assert {"brevo_code", "dkim_record", "dmarc_record", "spf_record"} <= set(records)
    assert records["brevo_code"]["host_name"] == "_estafette.new.example"
    _, told = await brevo("GET", "/v3/senders/domains")
    assert {each["domain_name"]: each["authenticated"] for each in told["domains"]} == {
        "acme.example": True, "new.example": False,
    }  # fmt: skip
    answered, again = await manage("POST", "/v3/senders/domains", {"name": "new.example"})
    assert (answered, again["code"]) == (400, "duplicate_parameter")
    assert (await manage("DELETE", "/v3/senders/domains/new.example"))[0] == 204
    assert (await manage("DELETE", "/v3/senders/domains/rival.example"))[0] == 404


class Zone:
    """DNS as a dictionary."""

    def __init__(self):
        self.values = {}

    async def look(self, name, kind):
        return Seen(values=tuple(self.values.get((name, kind), ())))


async def test_a_domain_is_authenticated_by_its_record(world, manage):
    zone = Zone()
    world.app = create_app(dataclasses.replace(world.services, names=zone))
    _, made = await manage("POST", "/v3/senders/domains", {"name": "new.example"})
    status, told = await manage("PUT", "/v3/senders/domains/new.example/authenticate")
    assert (status, told["code"]) == (400, "invalid_parameter")
    code = made["dns_records"]["brevo_code"]
    zone.values[code["host_name"], "TXT"] = [code["value"]]
    status, told = await manage("PUT", "/v3/senders/domains/new.example/authenticate")
    assert (status, told["domain_name"]) == (200, "new.example")
    _, shown = await manage("GET", "/v3/senders/domains/new.example")
    assert (shown["authenticated"], shown["dns_records"]["brevo_code"]["status"]) == (True, True)
    assert not shown["dns_records"]["dkim_record"]["status"]
    assert (await manage("GET", "/v3/senders/domains/rival.example"))[0] == 404


async def test_the_account_tells_whose_key_it_is(world, brevo, manage):
    status, told = await brevo("GET", "/v3/account")
    assert (status, told["companyName"]) == (200, "acme")
    assert told["relay"]["data"] == {"userName": world.keys["acme"]["username"], "relay": "localhost", "port": 587}
    assert (await manage("GET", "/v3/account"))[0] == 200


async def test_a_management_key_sends_no_mail(manage):
    asked = {"sender": {"email": "ann@acme.example"}, "to": [{"email": "bob@y.example"}]}
    for method, path, body in (
        ("POST", "/v3/smtp/email", asked | {"subject": "s", "textContent": "t"}),
        ("GET", "/v3/smtp/emails?email=bob@y.example", None),
    ):
        status, told = await manage(method, path, body)
        assert (status, told["code"]) == (403, "permission_denied")


async def test_resources_that_we_lack_say_so_by_name(brevo):
    for method, path in (
        ("DELETE", "/v3/smtp/log/bob@y.example"),
        ("POST", "/v3/contacts"),
        ("GET", "/v3/senders/ips"),
    ):
        status, told = await brevo(method, path)
        assert (status, told["code"]) == (406, "not_acceptable"), path
        assert "/".join(path.split("/")[:3]) in told["message"]
        assert (await brevo(method, path, key="no"))[0] == 401
    assert (await brevo("GET", "/v3/nothing"))[0] == 404
    assert (await brevo("GET", "/v3/smtp/email"))[1]["code"] == "method_not_allowed"
