"""Brevo's resources of mail: what was sent, what is to go later, and how it is called back."""

import base64
from datetime import UTC, datetime
from urllib.parse import quote

from tests.unit.web.world import NOON

from estafette.base import ids
from estafette.tenancy import credentials, templates
from estafette.tenancy.permissions import Actor
from estafette.tenancy.template_text import Written

BATCH = "5c6cfa04-eed9-42c2-8b5c-6d470d978e9d"


def message(**fields):
    return {"sender": {"email": "ann@acme.example"}, "to": [{"email": "bob@y.example"}], "subject": "Hi",
            "textContent": "Hello"} | fields  # fmt: skip


def later(hours=1):
    return datetime.fromtimestamp(NOON + hours * 3600, UTC).isoformat(timespec="milliseconds")


async def sent(brevo, **fields):
    status, told = await brevo("POST", "/v3/smtp/email", message(**fields))
    assert status in {201, 202}, told
    return told


async def listed(brevo, **query):
    asked = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items())
    status, told = await brevo("GET", f"/v3/smtp/emails?{asked}")
    assert status == 200, told
    return told["transactionalEmails"]


async def test_mail_is_found_by_message_address_and_template(brevo, feed):
    first = await sent(brevo, cc=[{"email": "Eve@y.example"}], tags=["receipt"])
    await sent(brevo, to=[{"email": "eve@y.example"}], subject="Other")
    await feed()
    found = await listed(brevo, messageId=first["messageId"])
    assert {each["email"] for each in found} == {"bob@y.example", "Eve@y.example"}
    one = next(each for each in found if each["email"] == "bob@y.example")
    assert (one["messageId"], one["subject"], one["from"], one["tags"]) == (
        first["messageId"], "Hi", "ann@acme.example", ["receipt"],
    )  # fmt: skip
    by_address = await listed(brevo, email="eve@y.example")
    assert [each["subject"] for each in by_address] == ["Other", "Hi"]
    assert [each["subject"] for each in await listed(brevo, email="eve@y.example", sort="asc", limit=1)] == ["Hi"]
    assert await listed(brevo, templateId=7) == []
    assert "templateId" not in one
    assert await listed(brevo, messageId="<nothing@y.example>") == []
    assert await listed(brevo, email="eve@y.example", startDate="2026-01-01", endDate="2026-01-31") == []


async def test_mail_is_found_by_the_template_that_it_was_written_from(world, brevo, feed):
    office = world.services.office(Actor(kind="cli", id="", name="test"))
    text = Written(subject="s", text="t")
    numbers = [18, ids.read(templates.create(office, "acme", "order", text, publish_it=True)["id"])]
    templates.create(office, "acme", "18", text, publish_it=True)
    for number in numbers:
        await sent(brevo, templateId=number, subject=None, textContent=None)
    await feed()
    for number in numbers:
        (found,) = await listed(brevo, templateId=number)
        assert found["templateId"] == number
        assert (await brevo("GET", f"/v3/smtp/emails/{found['uuid']}"))[1]["templateId"] == number


async def test_each_of_many_versions_is_listed_by_its_own_id(brevo, feed):
    versions = [{"to": [{"email": each}]} for each in ("bob@y.example", "eve@y.example")]
    told = await sent(brevo, messageVersions=versions, params={"x": 1}, textContent="{{ params.x }}")
    await feed()
    found = await listed(brevo, messageId=told["messageIds"][1])
    assert [(each["email"], each["messageId"]) for each in found] == [("eve@y.example", told["messageIds"][1])]


async def test_a_list_needs_a_filter_and_whole_months(brevo):
    for query, code in (
        ("", "missing_parameter"),
        ("email=a@b.example&startDate=2026-01-01", "missing_parameter"),
        ("email=a@b.example&startDate=2026-01-01&endDate=2026-03-01", "out_of_range"),
        ("email=a@b.example&startDate=2026-01-02&endDate=2026-01-01", "invalid_parameter"),
        ("email=a@b.example&startDate=soon&endDate=2026-01-01", "invalid_parameter"),
        ("email=a@b.example&limit=2000", "out_of_range"),
        ("email=a@b.example&nonsense=1", "invalid_parameter"),
    ):
        status, told = await brevo("GET", f"/v3/smtp/emails?{query}")
        assert (status, told["code"]) == (400, code), query


async def test_a_mail_is_read_back_with_its_events(brevo, feed):
    file = {"name": "a.txt", "content": base64.b64encode(b"x").decode()}
    told = await sent(brevo, htmlContent="<p>Été</p>", attachment=[file])
    await feed()
    (found,) = await listed(brevo, messageId=told["messageId"])
    status, mail = await brevo("GET", f"/v3/smtp/emails/{found['uuid']}")
    assert (status, mail["email"], mail["subject"], mail["attachmentCount"]) == (200, "bob@y.example", "Hi", 1)
    assert "<p>Été</p>" in mail["body"]
    assert [each["name"] for each in mail["events"]] == ["requests"]
    for account, name in (("rival", found["uuid"]), ("acme", BATCH), ("acme", "x")):
        status, told = await brevo("GET", f"/v3/smtp/emails/{name}", account=account)
        assert (status, told["code"]) == (404, "document_not_found")


async def test_personal_mail_is_its_senders_alone(world, brevo, feed):
    office = world.services.office(Actor(kind="cli", id="", name="test"))
    key = credentials.create(office, "acme", stream="personal")["api_key"]
    world.services.directory.reload()
    status, told = await brevo("POST", "/v3/smtp/email", message(scheduledAt=later()), key=key)
    assert status == 202, told
    await feed()
    place = "/v3/smtp/emails?email=bob@y.example"
    _, own = await brevo("GET", place, key=key)
    (mail,) = own["transactionalEmails"]
    assert (await brevo("GET", place))[1] == {"count": 0, "transactionalEmails": []}
    for method, path in (
        ("GET", f"/v3/smtp/emails/{mail['uuid']}"),
        ("GET", f"/v3/smtp/emailStatus/{mail['messageId']}"),
        ("GET", f"/v3/smtp/emailStatus/{told['batchId']}"),
        ("DELETE", f"/v3/smtp/email/{mail['messageId']}"),
        ("DELETE", f"/v3/smtp/email/{told['batchId']}"),
    ):
        assert (await brevo(method, path))[0] == 404, (method, path)
    assert not await world.store.spool.rules()
    assert (await brevo("DELETE", f"/v3/smtp/email/{told['batchId']}", key=key))[0] == 204


async def test_a_message_for_later_is_told_and_called_back_by_its_id(world, brevo):
    told = await sent(brevo, scheduledAt=later())
    place = told["messageId"]
    status, state = await brevo("GET", f"/v3/smtp/emailStatus/{place}")
    assert (status, state["status"]) == (200, "queued")
    assert state["createdAt"] < state["scheduledAt"]
    assert (await brevo("DELETE", f"/v3/smtp/email/{place}", account="rival"))[0] == 404
    assert (await brevo("DELETE", f"/v3/smtp/email/{place}"))[0] == 204
    (rule,) = await world.store.spool.rules()
    assert (rule.kind, rule.filter.number) == ("cancel", 0)


async def test_one_version_is_called_back_by_its_own_id(world, brevo):
    versions = [{"to": [{"email": each}]} for each in ("bob@y.example", "eve@y.example")]
    told = await sent(brevo, messageVersions=versions, scheduledAt=later())
    status, _ = await brevo("DELETE", f"/v3/smtp/email/{told['messageIds'][1]}")
    (rule,) = await world.store.spool.rules()
    assert (status, rule.filter.number) == (204, 2)


async def test_a_batch_is_told_and_called_back_as_a_whole(world, brevo):
    await sent(brevo, scheduledAt=later(1), batchId=BATCH)
    await sent(brevo, scheduledAt=later(2), batchId=BATCH)
    status, told = await brevo("GET", f"/v3/smtp/emailStatus/{BATCH}?status=queued&limit=1")
    assert (status, told["count"], len(told["batches"])) == (200, 2, 1)
    assert (await brevo("GET", f"/v3/smtp/emailStatus/{BATCH}", account="rival"))[0] == 404
    assert (await brevo("DELETE", f"/v3/smtp/email/{BATCH}", account="rival"))[0] == 404
    assert (await brevo("DELETE", f"/v3/smtp/email/{BATCH}"))[0] == 204
    (rule,) = await world.store.spool.rules()
    assert (rule.filter.campaign, rule.filter.message) == (BATCH, 0)
    await sent(brevo, scheduledAt=later(3), batchId=BATCH)
    rows = (await world.store.spool.find(rule.filter, limit=10)).items
    assert len(rows) == 2


async def test_what_is_unknown_is_not_found(brevo):
    for method, place in (
        ("DELETE", f"/v3/smtp/email/{BATCH}"),
        ("DELETE", "/v3/smtp/email/<0000000000007@acme.example>"),
        ("DELETE", "/v3/smtp/email/nothing"),
        ("GET", f"/v3/smtp/emailStatus/{BATCH}"),
        ("GET", "/v3/smtp/emailStatus/<0000000000007@acme.example>"),
    ):
        status, told = await brevo(method, place)
        assert (status, told["code"]) == (404, "document_not_found"), place
