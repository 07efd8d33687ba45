"""Mailjet's Send API v3.1: what is asked for is what is queued, and errors are told in its form and codes."""

import asyncio
import base64
import uuid

from estafette.tenancy import templates
from estafette.tenancy.permissions import Actor
from estafette.tenancy.template_text import Written

SEND = "/mailjet/v3.1/send"


def message(**fields):
    return {"From": {"Email": "ann@acme.example", "Name": "Ann"}, "To": [{"Email": "bob@y.example"}],
            "Subject": "Hi", "TextPart": "Hello"} | fields  # fmt: skip


async def post(call, *messages, **more):
    answer = await call("POST", SEND, {"Messages": list(messages), **more})
    return answer.status, answer.json()


async def kept(world, number):
    return (await world.store.spool.contents([number]))[number]


async def test_every_recipient_has_the_number_uuid_and_address_of_the_message(world, call):
    status, told = await post(
        call, message(Cc=[{"Email": "cc@y.example", "Name": "C"}], Bcc=[{"Email": "bcc@y.example"}], CustomID="order-1")
    )
    one = told["Messages"][0]
    assert (status, one["Status"], one["CustomID"]) == (200, "success", "order-1")
    people = [*one["To"], *one["Cc"], *one["Bcc"]]
    assert [each["Email"] for each in people] == ["bob@y.example", "cc@y.example", "bcc@y.example"]
    assert len({each["MessageUUID"] for each in people}) == 3
    assert all(uuid.UUID(each["MessageUUID"]).version == 8 for each in people)
    number = people[0]["MessageID"]
    assert people[0]["MessageHref"].endswith(f"/mailjet/v3/REST/message/{number}")
    content = await kept(world, number)
    assert content.recipients == 3
    assert b"bcc@y.example" not in content.body


async def test_campaign_custom_id_and_payload_are_labels_of_the_message(world, call):
    _, told = await post(
        call,
        message(CustomCampaign="Spring sale", CustomID="c-1", EventPayload='{"user": 7}', MonitoringCategory="orders"),
    )
    content = await kept(world, told["Messages"][0]["To"][0]["MessageID"])
    assert content.campaign == "Spring sale"
    assert content.metadata == {"CustomID": "c-1", "EventPayload": '{"user": 7}', "MonitoringCategory": "orders"}


async def test_files_and_pictures_are_in_the_message(world, call):
    octets = base64.b64encode(b"%PDF").decode()
    picture = {"ContentType": "image/png", "Filename": "logo.png", "ContentID": "logo", "Base64Content": octets}
    _, told = await post(
        call,
        message(
            HTMLPart='<img src="cid:logo">',
            Attachments=[{"ContentType": "application/pdf", "Filename": "a.pdf", "Base64Content": octets}],
            InlinedAttachments=[picture],
            ReplyTo={"Email": "help@acme.example"},
            Headers={"X-Order": "17"},
        ),
    )
    body = (await kept(world, told["Messages"][0]["To"][0]["MessageID"])).body
    for part in (b"Content-ID: <logo>", b'filename="a.pdf"', b"X-Order: 17", b"Reply-To: help@acme.example"):
        assert part in body, part


async def test_variables_of_the_template_language_are_written_into_the_texts(world, call):
    status, told = await post(
        call,
        message(
            TemplateLanguage=True,
            Subject="Dear {{var:name}}",
            TextPart='On {{var:day:"Monday"}}, {{ var:name }}{{var:more:""}}!',
            Variables={"name": "Bob"},
        ),
        message(TemplateLanguage=True, TextPart="{% include 'a' %}"),
        message(TemplateLanguage=True, TextPart="a\n{% if var:x %}"),
    )
    first, *others = told["Messages"]
    assert (status, first["Status"]) == (200, "success")
    body = await world.services.recall.body(
        world.services.directory.by_api_key(world.keys["acme"]["api_key"]), first["To"][0]["MessageID"]
    )
    assert b"Subject: Dear Bob\r\n" in body
    assert b"On Monday, Bob!" in body
    errors = [each["Errors"][0] for each in others]
    assert [each["ErrorRelatedTo"] for each in errors] == [["TextPart"], ["TextPart"]]
    assert [each["ErrorCode"] for each in errors] == ["estafette-not_supported", "estafette-template_syntax"]
    assert "TextPart, line 2: if of line 2 is never closed" in errors[1]["ErrorMessage"]


async def test_a_template_id_names_a_stored_template_and_an_unknown_one_is_refused(world, call):
    office = world.services.office(Actor(kind="cli", id="", name="test"))
    text = Written(subject="Dear {{ name }}", text="Hello {{ name }}")
    templates.create(office, "acme", "18", text, publish_it=True)
    _, told = await post(call, message(Subject="", TextPart="", TemplateID=18, Variables={"name": "Bob"}))
    identity = world.services.directory.by_api_key(world.keys["acme"]["api_key"])
    body = await world.services.recall.body(identity, told["Messages"][0]["To"][0]["MessageID"])
    assert b"Hello Bob" in body
    number = told["Messages"][0]["To"][0]["MessageID"]
    await world.store.spool.flush()
    found = await world.services.recall.find(identity, number)
    assert (found.content.template, [each.template for each in found.events]) == ("18@1", ["18@1"])
    _, told = await post(call, message(TextPart="", TemplateID=17, Variables={"name": "Bob"}))
    error = told["Messages"][0]["Errors"][0]
    assert (error["ErrorCode"], error["ErrorRelatedTo"]) == ("send-0010", ["TemplateID"])


async def test_globals_are_defaults_and_lists_are_joined(world, call):
    status, told = await post(
        call,
        {"To": [{"Email": "b@y.example"}], "Cc": [{"Email": "c2@y.example"}]},
        {"To": [{"Email": "d@y.example"}], "Subject": "Own"},
        Globals={**message(Cc=[{"Email": "c1@y.example"}]), "To": []},
    )
    first, second = told["Messages"]
    assert status == 200
    assert [each["Email"] for each in first["Cc"]] == ["c1@y.example", "c2@y.example"]
    assert b"Subject: Own" in (await kept(world, second["To"][0]["MessageID"])).body


async def test_the_sandbox_checks_everything_and_sends_nothing(world, call):
    status, told = await post(call, message(), SandboxMode=True)
    person = told["Messages"][0]["To"][0]
    assert (status, person["MessageID"], person["MessageUUID"]) == (200, 0, "")
    assert not any((await world.store.spool.counts()).values())


WRONG = [
    (message(TextPart=""), "send-0003", 400, ["HTMLPart", "TextPart", "TemplateID"]),
    (message(From={"Email": "ann@rival.example"}), "send-0008", 403, ["From"]),
    (message(Headers={"X-MJ-CustomID": "1"}), "send-0011", 400, ['Headers["X-MJ-CustomID"]']),
    (message(DeduplicateCampaign=True), "send-0012", 400, ["CustomCampaign", "DeduplicateCampaign"]),
    (message(TemplateErrorDeliver=True), "send-0016", 400, ["TemplateLanguage"]),
    ({"To": [{"Email": "b@y.example"}], "TextPart": "x"}, "mj-0003", 400, ["From"]),
    (message(TextPart=7), "mj-0004", 400, ["TextPart"]),
    (message(TrackOpens="yes"), "mj-0005", 400, ["TrackOpens"]),
    (message(Priority=9), "mj-0005", 400, ["Priority"]),
    (message(CustomCampaign="x" * 256), "mj-0006", 400, ["CustomCampaign"]),
    (message(To=[]), "mj-0007", 400, ["To"]),
    (message(To=[{"Email": ""}]), "mj-0012", 400, ["To.0.Email"]),
    (message(To=[{"Email": "no address"}]), "mj-0013", 400, ["To"]),
    (message(Attachments=[{"ContentType": "a/b", "Filename": "f", "Base64Content": "!"}]), "mj-0004", 400,
     ["Attachments.0.Base64Content"]),
    (message(URLTags="a b"), "estafette-invalid_link_tags", 400, ["URLTags"]),
    (message(Nonsense=1), "estafette-extra_forbidden", 400, ["Nonsense"]),
    (message(To=[{"Email": "nobody@y.example"}]), "estafette-suppressed", 403, None),
]  # fmt: skip


async def test_what_is_wrong_with_a_message_has_the_code_that_mailjet_gives_it(call):
    answered, told = await post(call, *(asked for asked, *_ in WRONG))
    assert answered == 400
    for one, (_, code, status, related) in zip(told["Messages"], WRONG, strict=True):
        (error,) = one["Errors"]
        assert (one["Status"], error["ErrorCode"], error["StatusCode"]) == ("error", code, status)
        assert uuid.UUID(error["ErrorIdentifier"])
        assert related is None or error["ErrorRelatedTo"] == related


async def test_a_wrong_message_does_not_take_the_good_ones_with_it(world, call):
    status, told = await post(call, message(), message(TextPart=""), message(To=[{"Email": "eve@y.example"}]))
    assert (status, [each["Status"] for each in told["Messages"]]) == (200, ["success", "error", "success"])
    numbers = [told["Messages"][place]["To"][0]["MessageID"] for place in (0, 2)]
    assert len(await world.store.spool.contents(numbers)) == 2


async def test_a_refused_recipient_is_left_out_of_those_who_get_it(call):
    status, told = await post(call, message(Cc=[{"Email": "nobody@y.example"}]))
    one = told["Messages"][0]
    assert (status, one["Status"], one["Cc"]) == (200, "success", [])
    assert one["Errors"][0]["ErrorCode"] == "estafette-suppressed"


GLOBAL = [
    ({"raw": b'{"Messages": [}'}, 400, "mj-0002"),
    ({"raw": b'{"Messages": [], "Messages": []}'}, 400, "mj-0002"),
    ({"raw": b"[" * 100_000}, 400, "mj-0002"),
    ({"raw": b"\xff"}, 400, "mj-0002"),
    ({"body": {"Messages": []}}, 400, "mj-0007"),
    ({"body": {}}, 400, "mj-0003"),
    ({"body": {"Messages": [message()] * 1001}}, 400, "mj-0008"),
    ({"body": {"Messages": [message()]}, "account": ""}, 401, "mj-0015"),
    ({"body": {"Messages": [message()]}, "headers": {"Authorization": "Basic !!"}}, 401, "mj-0015"),
    ({"body": {"Messages": [message()]}, "headers": {"Authorization": "Basic YTpi"}}, 401, "mj-0015"),
    ({"raw": b'{"x": "' + b"a" * 3_000_000 + b'"}'}, 400, "mj-0011"),
]


async def test_a_wrong_request_is_one_error(call):
    for how, status, code in GLOBAL:
        answer = await call("POST", SEND, **how)
        told = answer.json()
        assert (answer.status, told["StatusCode"], told["ErrorCode"]) == (status, status, code)
        assert told["ErrorMessage"]
        assert "Messages" not in told


async def test_the_dialect_answers_on_its_host_and_nothing_else_does(call):
    host = {"Host": "api.mail.example:8025"}
    answer = await call("POST", "/v3.1/send", {"Messages": [message()]}, headers=host)
    assert answer.status == 200
    assert answer.json()["Messages"][0]["To"][0]["MessageHref"].startswith("http://api.mail.example:8025/v3/REST/")
    assert (await call("GET", "/v1/emails", headers=host)).json()["StatusCode"] == 404
    assert (await call("POST", "/v3.1/send", {"Messages": [message()]})).json()["code"] == "not_found"


async def test_a_bearer_token_is_the_api_key_of_a_credential(world, call):
    headers = {"Authorization": f"Bearer {world.keys['acme']['api_key']}"}
    assert (await call("POST", SEND, {"Messages": [message()]}, headers=headers)).status == 200


async def test_url_tags_are_added_to_the_links(world, call):
    text = '<a href="https://x.example/p?a=1">p</a><a href="mailto:b@x.example">m</a>'
    _, told = await post(call, message(HTMLPart=text, URLTags="utm_source=shop&a=2"))
    body = (await kept(world, told["Messages"][0]["To"][0]["MessageID"])).body
    assert b'href="https://x.example/p?a=1&amp;utm_source=shop"' in body
    assert b'href="mailto:b@x.example"' in body


async def test_nobody_gets_a_campaign_twice_when_it_is_deduplicated(world, call):
    once = {"CustomCampaign": "spring", "DeduplicateCampaign": True}
    _, told = await post(call, message(**once), message(**once), message(CustomCampaign="spring"))
    first, second, third = told["Messages"]
    assert [each["Status"] for each in (first, second, third)] == ["success", "error", "success"]
    assert second["Errors"][0]["ErrorCode"] == "estafette-duplicate_in_campaign"
    both = [*message()["To"], {"Email": "new@y.example"}]
    _, told = await post(call, message(To=both, **once))
    (only,) = told["Messages"]
    assert [each["Email"] for each in only["To"]] == ["new@y.example"]


async def test_of_requests_at_one_moment_one_reaches_somebody(call):
    once = {"CustomCampaign": "spring", "DeduplicateCampaign": True}
    heavy = message(HTMLPart="<p>long</p>" * 30_000, **once)
    answers = await asyncio.gather(*(post(call, heavy) for _ in range(6)))
    states = [told["Messages"][0]["Status"] for _, told in answers]
    assert sorted(states) == ["error"] * 5 + ["success"]


async def test_a_letter_that_was_not_taken_leaves_its_place_in_the_campaign(call):
    once = {"CustomCampaign": "spring", "DeduplicateCampaign": True}
    broken = {"TemplateLanguage": True, "TextPart": "{{var:gone}}"}
    for given, state in ((broken, "error"), ({}, "success")):
        _, told = await post(call, message(**once) | given)
        assert told["Messages"][0]["Status"] == state
