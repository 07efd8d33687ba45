"""Brevo's ``smtp/email``: what is asked for is what is queued, and errors are told in its form and codes."""

import base64
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from uuid import UUID

from tests.unit.web.world import NOON

from estafette.base import ids
from estafette.model.rule import Filter
from estafette.tenancy import streams, templates
from estafette.tenancy.permissions import Actor
from estafette.tenancy.streams import Habits
from estafette.tenancy.template_text import Written

BATCH = "5c6cfa04-eed9-42c2-8b5c-6d470d978e9d"


def message(**fields):
    return {"sender": {"email": "ann@acme.example", "name": "Ann"}, "to": [{"email": "bob@y.example"}],
            "subject": "Hi", "textContent": "Hello"} | fields  # fmt: skip


def in_an_hour():
    return datetime.fromtimestamp(NOON + 3600, UTC).isoformat(timespec="milliseconds")


def number_of(message_id):
    return ids.read(re.fullmatch(r"<([0-9a-z]{13})(\.\d+)?@acme\.example>", message_id)[1])


async def kept(world, message_id):
    number = number_of(message_id)
    return (await world.store.spool.contents([number]))[number]


async def body(world, message_id, place=1):
    identity = world.services.directory.by_api_key(world.keys["acme"]["api_key"])
    return await world.services.recall.body(identity, number_of(message_id), place)


async def test_the_message_id_that_is_told_is_that_of_the_message(world, brevo):
    people = {"cc": [{"email": "cc@y.example", "name": "C"}], "bcc": [{"email": "bcc@y.example"}]}
    status, told = await brevo("POST", "/v3/smtp/email", message(**people, replyTo={"email": "help@acme.example"}))
    assert (status, list(told)) == (201, ["messageId"])
    content = await kept(world, told["messageId"])
    assert content.recipients == 3
    assert f"Message-ID: {told['messageId']}\r\n".encode() in content.body
    assert b"Reply-To: help@acme.example\r\n" in content.body
    assert b"bcc@y.example" not in content.body


async def test_tags_custom_header_and_fields_are_labels_and_headers(world, brevo):
    headers = {"X-Mailin-custom": "order:17", "X-Order": 17, "x-mailin-tag": "extra"}
    _, told = await brevo("POST", "/v3/smtp/email", message(headers=headers, tags=["receipt"]))
    content = await kept(world, told["messageId"])
    assert (content.tags, content.metadata) == (("receipt", "extra"), {"X-Mailin-custom": "order:17"})
    assert b"X-Order: 17\r\n" in content.body
    assert b"x-mailin" not in content.body.lower()


async def test_who_has_not_consented_is_counted_at_most(world, brevo):
    streams.update(world.services.office(), "acme", "transactional", Habits(tracking="individual"))
    world.services.directory.reload()
    no = {"contactPixelTrackingConsent": False}
    people = {"to": [{"email": "bob@y.example"} | no], "cc": [{"email": "cc@y.example"}], "tags": ["a"]}
    _, told = await brevo("POST", "/v3/smtp/email", message(**people))
    assert await measured(world, told["messageId"]) == {"bob@y.example": "aggregate", "cc@y.example": "individual"}
    yes = {"contactPixelTrackingConsent": True}
    versions = [{"to": [{"email": f"{name}@y.example"} | said]} for name, said in (("a", no), ("b", yes), ("c", {}))]
    _, told = await brevo("POST", "/v3/smtp/email", message(messageVersions=versions, tags=["a"]))
    assert await measured(world, told["messageIds"][0]) == {
        "a@y.example": "aggregate", "b@y.example": "individual", "c@y.example": "individual",
    }  # fmt: skip


async def measured(world, message_id):
    found = await world.store.spool.find(Filter(message=number_of(message_id)), limit=10)
    return {row.address: row.tracking for row in found.items}


async def test_names_in_encoded_words_are_read(world, brevo):
    name = "=?utf-8?q?Jan=C3=A9=2C_Shop?="
    people = {"to": [{"email": "bob@y.example", "name": name}], "sender": {"email": "ann@acme.example", "name": name}}
    _, told = await brevo("POST", "/v3/smtp/email", message(**people))
    head = message_from_bytes(await body(world, told["messageId"]), policy=policy.default)
    assert (head["To"].addresses[0].display_name, head["From"].addresses[0].display_name) == ("Jané, Shop",) * 2


async def test_files_are_in_the_message(world, brevo):
    file = {"name": "a.pdf", "content": base64.b64encode(b"%PDF").decode()}
    _, told = await brevo("POST", "/v3/smtp/email", message(htmlContent="<p>x</p>", attachment=[file]))
    content = await kept(world, told["messageId"])
    assert b'filename="a.pdf"' in content.body


async def test_values_are_written_into_the_texts(world, brevo):
    texts = {"subject": "Dear {{ params.name }}", "htmlContent": "<p>{{params.name}}</p>", "params": {"name": "Bob"}}
    _, told = await brevo("POST", "/v3/smtp/email", message(**texts))
    written = await body(world, told["messageId"])
    assert b"Subject: Dear Bob\r\n" in written
    assert b"<p>Bob</p>" in written


async def test_texts_are_in_brevos_language_with_values_or_without(world, brevo):
    for asked, said in (
        ({"textContent": "Dear {{ params.name }}."}, b"Dear ."),
        ({"textContent": 'Dear {{ params.name|default:"friend" }}.'}, b"Dear friend."),
        ({"textContent": "{% if params.vip %}Sir{% endif %}", "params": {"vip": True}}, b"Sir"),
        ({"textContent": "as it is: {# no {"}, b"as it is: {# no {"),
    ):
        _, told = await brevo("POST", "/v3/smtp/email", message(**asked))
        assert said in await body(world, told["messageId"])


async def test_what_of_the_language_we_lack_is_named_with_its_version(brevo):
    versions = [{"to": [{"email": "bob@y.example"}]}, {"to": [{"email": "eve@y.example"}], "subject": "{% load x %}"}]
    status, told = await brevo("POST", "/v3/smtp/email", message(messageVersions=versions))
    assert (status, told["code"]) == (406, "not_acceptable")
    assert told["message"].startswith("messageVersions.1.subject")
    assert "load" in told["message"]


async def test_a_template_id_names_a_stored_template(world, brevo):
    office = world.services.office(Actor(kind="cli", id="", name="test"))
    text = Written(subject="Dear {{ name }}", text="{{ params.name }}, stored")
    made = templates.create(office, "acme", "18", text, publish_it=True)
    for number in (18, ids.read(made["id"])):
        asked = message(templateId=number, params={"name": "Bob"}, htmlContent="<p>ignored</p>")
        _, told = await brevo("POST", "/v3/smtp/email", {**asked, "subject": None})
        written = await body(world, told["messageId"])
        assert b"Subject: Dear Bob\r\n" in written
        assert b"Bob, stored" in written
        assert b"ignored" not in written
        assert (await kept(world, told["messageId"])).template == "18@1"


async def test_versions_have_recipients_texts_and_values_of_their_own(world, brevo):
    versions = [
        {"to": [{"email": "bob@y.example"}, {"email": "rob@y.example"}], "cc": [{"email": "cc@y.example"}]},
        {"to": [{"email": "eve@y.example"}], "subject": "For {{params.name}}", "params": {"name": "Eve"},
         "htmlContent": "<p>{{params.shop}}</p>", "replyTo": {"email": "own@acme.example"},
         "headers": {"X-Order": "2"}},
    ]  # fmt: skip
    shared = {"messageVersions": versions, "params": {"shop": "Acme"}, "htmlContent": "<p>all</p>",
              "headers": {"x-order": "1"}}  # fmt: skip
    status, told = await brevo("POST", "/v3/smtp/email", message(**shared))
    assert (status, len(told["messageIds"])) == (201, 2)
    first, second = [await body(world, name) for name in told["messageIds"]]
    assert b"bob@y.example" in first
    assert b"Cc: cc@y.example" in first
    assert b"x-order: 1" in first
    assert b"Subject: For Eve\r\n" in second
    assert b"<p>Acme</p>" in second
    assert b"X-Order: 2\r\n" in second
    assert b"Reply-To: own@acme.example" in second


async def test_versions_that_differ_in_recipient_and_values_are_kept_once(world, brevo):
    people = [f"p{place}@y.example" for place in range(20)]
    versions = [{"to": [{"email": each}], "params": {"n": place}} for place, each in enumerate(people)]
    _, told = await brevo("POST", "/v3/smtp/email", message(subject="No {{params.n}}", messageVersions=versions))
    assert len(set(told["messageIds"])) == 20
    assert len({number_of(each) for each in told["messageIds"]}) == 1
    seventh = await body(world, told["messageIds"][6], 7)
    assert b"Subject: No 6\r\n" in seventh
    assert f"Message-ID: {told['messageIds'][6]}\r\n".encode() in seventh
    assert b"To: p6@y.example\r\n" in seventh


async def test_a_version_to_the_same_address_again_is_another_message(world, brevo):
    versions = [{"to": [{"email": "bob@y.example"}], "params": {"n": place}} for place in range(3)]
    status, told = await brevo("POST", "/v3/smtp/email", message(subject="No {{params.n}}", messageVersions=versions))
    assert (status, len(set(told["messageIds"]))) == (201, 3)
    assert b"Subject: No 2\r\n" in await body(world, told["messageIds"][2])


async def test_a_version_that_nobody_may_get_has_no_id_and_the_others_have(brevo):
    versions = [{"to": [{"email": each}]} for each in ("bob@y.example", "nobody@y.example", "eve@y.example")]
    status, told = await brevo("POST", "/v3/smtp/email", message(messageVersions=versions))
    assert (status, [bool(each) for each in told["messageIds"]]) == (201, [True, False, True])
    (error,) = told["errors"]
    assert (error["messageVersion"], error["code"]) == (1, "permission_denied")


async def test_a_refused_recipient_is_named_beside_the_id(brevo):
    status, told = await brevo("POST", "/v3/smtp/email", message(cc=[{"email": "nobody@y.example"}]))
    assert (status, bool(told["messageId"]), told["errors"][0]["code"]) == (201, True, "permission_denied")


async def test_a_time_makes_a_batch_that_is_named(world, brevo):
    later = {"scheduledAt": in_an_hour()}
    status, told = await brevo("POST", "/v3/smtp/email", message(**later, batchId=BATCH))
    assert (status, told["batchId"]) == (202, BATCH)
    assert (await kept(world, told["messageId"])).campaign == BATCH
    status, told = await brevo("POST", "/v3/smtp/email", message(**later))
    assert (status, UUID(told["batchId"]).version) == (202, 4)


async def test_the_same_idempotency_key_sends_once(world, brevo):
    asked = message(headers={"idempotencyKey": "k-1"})
    first, again = [await brevo("POST", "/v3/smtp/email", asked) for _ in range(2)]
    assert first == again
    status, told = await brevo("POST", "/v3/smtp/email", {**asked, "subject": "Other"})
    assert (status, told["code"]) == (409, "duplicate_request")
    assert b"idempotency" not in (await kept(world, first[1]["messageId"])).body.lower()


async def test_the_same_idempotency_key_makes_the_same_batch(brevo):
    asked = message(headers={"idempotencyKey": "k-2"}, scheduledAt=in_an_hour())
    first, again = [await brevo("POST", "/v3/smtp/email", asked) for _ in range(2)]
    assert first == again
    assert (first[0], UUID(first[1]["batchId"]).version) == (202, 4)


async def test_the_sandbox_checks_everything_and_sends_nothing(world, brevo):
    status, told = await brevo("POST", "/v3/smtp/email", message(headers={"X-Sib-Sandbox": "drop"}))
    assert (status, told["messageId"]) == (201, "<0000000000000@acme.example>")
    assert not any((await world.store.spool.counts()).values())


WRONG = [
    (message(sender=None), 400, "missing_parameter", "sender"),
    (message(sender={"name": "Ann"}), 400, "missing_parameter", "sender"),
    (message(subject=None), 400, "missing_parameter", "subject"),
    (message(textContent=None), 400, "missing_parameter", "textContent"),
    (message(to=None), 400, "missing_parameter", "to"),
    (message(to=[]), 400, "missing_parameter", "to"),
    (message(to=[{"email": "no address"}]), 400, "invalid_parameter", "to.0"),
    (message(to=[{"name": "x"}]), 400, "missing_parameter", "to.0.email"),
    (message(subject=7), 400, "invalid_parameter", "subject"),
    (message(nonsense=1), 400, "invalid_parameter", "nonsense"),
    (message(templateId="x"), 400, "invalid_parameter", "templateId"),
    (message(templateId=17), 400, "invalid_parameter", "templateId"),
    (message(batchId="x"), 400, "invalid_parameter", "batchId"),
    (message(scheduledAt="2026-12-31T09:00:00"), 400, "invalid_parameter", "scheduledAt"),
    (message(scheduledAt="2036-12-31T09:00:00Z"), 400, "out_of_range", "scheduledAt"),
    (message(attachment=[{"name": "a.pdf"}]), 400, "missing_parameter", "attachment"),
    (message(attachment=[{"content": "YQ=="}]), 400, "missing_parameter", "attachment.name"),
    (message(attachment=[{"name": "a", "content": "!"}]), 400, "invalid_parameter", "attachment.0.content"),
    (message(tags=["x"] * 2 + ["t" * 65]), 400, "out_of_range", "tags.1"),
    (message(headers={"sender.ip": "1.2.3.4"}), 406, "not_acceptable", "headers.sender.ip"),
    (message(headers={"X-Mailin-client": "1"}), 406, "not_acceptable", "headers.X-Mailin-client"),
    (message(headers={"Bcc": "x@y.example"}), 400, "invalid_parameter", "headers.Bcc"),
    (message(headers={"X-A": "1", "x-a": "2"}), 400, "duplicate_parameter", "headers"),
    (message(headers={"X-Sib-Sandbox": "yes"}), 400, "invalid_parameter", "headers.X-Sib-Sandbox"),
    (message(sender={"email": "ann@rival.example"}), 403, "permission_denied", "sender_not_allowed"),
    (message(sender={"id": 7}), 404, "document_not_found", "there is no sender 7"),
    (message(to=[{"email": "nobody@y.example"}]), 403, "permission_denied", "suppressed"),
    (message(messageVersions=[]), 400, "out_of_range", "messageVersions"),
    (message(messageVersions=[{"to": [{"email": "a@y.example"}]}, {"to": []}]), 400, "out_of_range",
     "messageVersions.1.to"),
    (message(messageVersions=[{"to": [{"email": "a@y.example"}], "headers": {"idempotencyKey": "k"}}]), 406,
     "not_acceptable", "messageVersions.0.headers.idempotencyKey"),
    (message(messageVersions=[{"to": [{"email": "a@y.example"}] * 6000}] * 2), 400, "out_of_range", "messageVersions"),
    (message(messageVersions=[{"to": [{"email": "a@y.example"}], "sender": {}}]), 400, "invalid_parameter",
     "messageVersions.0.sender"),
]  # fmt: skip


async def test_what_is_wrong_has_status_code_and_field(brevo, world):
    for asked, status, code, word in WRONG:
        answered, told = await brevo("POST", "/v3/smtp/email", asked)
        assert (answered, told["code"]) == (status, code), (asked, told)
        assert word in told["message"]
    assert not any((await world.store.spool.counts()).values())


async def test_a_wrong_request_is_one_error(world, brevo):
    for how, status, code in (
        ({"raw": b'{"to": ['}, 400, "invalid_parameter"),
        ({"raw": b'{"to": [], "to": []}'}, 400, "duplicate_parameter"),
        ({"raw": b"[" * 100_000}, 400, "invalid_parameter"),
        ({"raw": b"\xff"}, 400, "invalid_parameter"),
        ({"body": []}, 400, "invalid_parameter"),
        ({"raw": b'{"x": "' + b"a" * 3_000_000 + b'"}'}, 400, "out_of_range"),
        ({"body": message(messageVersions=[{"to": [{"email": "a@y.example"}]}] * 1001)}, 400, "out_of_range"),
        ({"body": message(), "key": ""}, 401, "unauthorized"),
        ({"body": message(), "key": "xkeysib-1"}, 401, "unauthorized"),
    ):
        answered, told = await brevo("POST", "/v3/smtp/email", **how)
        assert (answered, told["code"], set(told)) == (status, code, {"code", "message"}), told
