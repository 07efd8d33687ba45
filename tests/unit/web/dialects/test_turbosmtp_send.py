"""turboSMTP's API v2: what is asked for is what is queued, and errors are told in its form."""

import base64

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estafette.relay.submission.wrong import Wrong
from estafette.web.dialects.translation import read
from estafette.web.dialects.turbosmtp.form import Message
from estafette.web.problems import Problem

SEND = "/turbosmtp/api/v2/mail/send"


@pytest.fixture
def post(world, call):
    """Send what acme's keys in the header ask for; returns status and answer."""

    async def ask(account="acme", headers=None, raw=None, **fields):
        given = {"from": "Ann <ann@acme.example>", "to": "bob@y.example", "subject": "Hi", "content": "Hello"} | fields
        body = {name: value for name, value in given.items() if value is not None}
        key = world.keys.get(account)
        pair = {"consumerKey": key["username"], "consumerSecret": key["password"]} if key else {}
        fields = pair if headers is None else headers
        answer = await call("POST", SEND, None if raw else body, account="", headers=fields, raw=raw)
        return answer.status, answer.json()

    return ask


async def kept(world, told):
    return (await world.store.spool.contents([told["mid"]]))[told["mid"]]


async def test_a_message_goes_to_all_that_are_named_with_its_campaign_and_reference(world, post):
    status, told = await post(
        to='bob@y.example,"Doe, Jane" <jane@y.example>', cc="cc@y.example", bcc="bcc@y.example",
        html_content="<p>Hello</p>", reference_id="order-17", **{"X-campaign-ID": "Spring sale"},
    )  # fmt: skip
    assert (status, told["message"], set(told)) == (200, "OK", {"message", "mid"})
    assert 0 < told["mid"] < 1 << 63
    content = await kept(world, told)
    assert (content.recipients, content.campaign, content.metadata) == (4, "Spring sale", {"reference_id": "order-17"})
    assert b'To: bob@y.example, "Doe, Jane" <jane@y.example>' in content.body
    assert b"bcc@y.example" not in content.body


async def test_further_fields_files_and_pictures_are_in_the_message(world, post):
    octets = base64.b64encode(b"%PDF").decode()
    fields = {"List-Unsubscribe": "<https://shop.example/u?i=8>", "X-Order": "17", "reply-to": "help@acme.example"}
    status, told = await post(
        html_content='<img src="cid:logo@acme.example"><img src="cid:own">',
        custom_headers=fields | {"X-Campaign-Id": "from the fields"},
        attachments=[
            {"content": octets, "name": "a.pdf", "type": "application/pdf"},
            {
                "content": f"data:image/png;base64,{octets}",
                "name": "l.png",
                "type": "image/png",
                "content_id": "<logo>",
            },
            {"content": octets, "name": "o.png", "type": "image/png", "content_id": "own"},
        ],
    )
    assert status == 200
    content = await kept(world, told)
    assert content.campaign == "from the fields"
    for part in (
        b"Content-ID: <logo@acme.example>", b"Content-ID: <own>", b'filename="a.pdf"', b"X-Order: 17",
        b"Reply-To: help@acme.example", b"List-Unsubscribe: <https://shop.example/u?i=8>",
    ):  # fmt: skip
        assert part in content.body, part
    assert b"ampaign" not in content.body


async def test_the_keys_may_stand_in_the_body(world, post):
    pair = {"authuser": world.keys["acme"]["username"], "authpass": world.keys["acme"]["password"]}
    assert (await post(headers={}, **pair))[0] == 200
    status, told = await post(headers={}, authuser=pair["authuser"], authpass="wrong")
    assert (status, told) == (401, {"errorCode": 3, "message": "Wrong credentials specified"})
    status, told = await post(headers={"Authorization": f"Bearer {world.keys['acme']['api_key']}"})
    assert (status, told["errorCode"], told["message"]) == (401, 3, "Invalid authorization token")
    assert told["details"].endswith("POST /turbosmtp/api/v2/mail/send")


async def test_a_whole_message_is_sent_as_it_is_with_what_it_does_not_say(world, post):
    mime = "From: Ann <ann@acme.example>\nX-Own: 1\nMIME-Version: 1.0\n\nWhole\n"
    status, told = await post(mime_raw=mime, content="not this", custom_headers={"X-Order": "17", "x-own": "2"})
    assert status == 200
    body = (await kept(world, told)).body
    for part in (b"To: bob@y.example\r\n", b"Subject: Hi\r\n", b"X-Order: 17\r\n", b"X-Own: 1\r\n", b"\r\n\r\nWhole"):
        assert part in body, part
    assert b"not this" not in body
    assert body.lower().count(b"x-own:") == body.count(b"From:") == 1


async def test_a_whole_message_of_somebody_else_is_refused(post):
    status, told = await post(mime_raw="From: ann@rival.example\n\nWhole\n")
    assert status == 400
    assert told["errors"][0].startswith("550 5.7.1 sender address not allowed")


WRONG = [
    ({"from": None}, ["missing or not valid sender email (from)"]),
    ({"from": "ann"}, ["missing or not valid sender email (from)"]),
    ({"to": None}, ["missing recipients (to)"]),
    ({"to": " , "}, ["missing recipients (to)"]),
    ({"to": "abc,b@y.example,", "cc": "cc_@ab 1", "bcc": "@ab3"},
     ["'abc' 'to' email not valid", "'cc_@ab 1' 'cc' email not valid", "'@ab3' 'bcc' email not valid"]),
    ({"mime_raw": "string"}, ["Invalid Mime"]),
    ({"mime_raw": "X: \ud800\n\n"}, ["Invalid Mime"]),
    ({"mime_raw": "From: a@acme.example\nFrom: b@acme.example\n\n"}, ["Invalid Mime"]),
    ({"mime_raw": "X: 1\n\n", "attachments": [{"content": ""}]},
     ["attachments: a whole message (mime_raw) has its files in it; leave it out"]),
    ({"nonsense": 1}, ["nonsense: Extra inputs are not permitted; leave it out: there is no such field"]),
    ({"to": ["bob@y.example"]}, ["to: Input should be a valid string; correct to"]),
    ({"subject": "x" * 701}, ["subject: String should have at most 700 characters; correct subject"]),
]  # fmt: skip


async def test_what_is_wrong_is_a_text(post):
    for fields, errors in WRONG:
        assert await post(**fields) == (400, {"message": "error", "errors": errors}), fields


async def test_what_is_not_allowed_is_a_text_with_its_reason(post):
    for fields, part in (
        ({"from": "ann@rival.example"}, "sender address not allowed"),
        ({"to": "nobody@y.example"}, "suppression list"),
        ({"content": None}, "neither text nor html"),
        ({"custom_headers": {"From": "x@y.example"}}, "a field that the service writes itself"),
        ({"subject": "a\r\nBcc: x@y.example"}, "line break"),
        ({"attachments": [{"content": "!", "name": "a"}]}, "attachments.0.content: is no base64"),
    ):
        status, told = await post(**fields)
        assert (status, told["message"], len(told["errors"])) == (400, "error", 1)
        assert part in told["errors"][0]


async def test_a_body_that_is_no_object_is_refused(post):
    for raw in (b"{", b"[]", b'{"to": 1, "to": 2}', b"[" * 100_000, b"\xff"):
        status, told = await post(raw=raw)
        assert (status, told["message"]) == (400, "error")


async def test_other_resources_are_not_there(call):
    answer = await call("GET", "/turbosmtp/api/v2/mailboxes")
    assert (answer.status, answer.json()["message"]) == (404, "error")


@settings(suppress_health_check=list(HealthCheck))
@given(st.fixed_dictionaries(
    {"from": st.text() | st.just("a@b.example"), "to": st.text() | st.just("a@b.example")},
    optional={
        "mime_raw": st.text() | st.text().map(lambda text: f"X: {text}\n\n"), "subject": st.text(),
        "custom_headers": st.dictionaries(st.text(), st.text()),
        "attachments": st.lists(st.fixed_dictionaries({"content": st.just("eA==") | st.text()})),
    },
))  # fmt: skip
def test_every_body_is_a_letter_or_is_refused(body):
    try:
        letter = read(Message, body).letter()
    except (Wrong, Problem):
        return
    assert letter.sender.address


async def test_a_suppressed_recipient_is_left_out(world, post):
    status, told = await post(cc="nobody@y.example")
    assert (status, told["message"]) == (200, "OK")
    assert (await kept(world, told)).recipients == 1
