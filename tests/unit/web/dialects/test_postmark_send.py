"""Postmark's sending: what is asked for is what is queued, and errors are told in its form and codes."""

import base64
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estafette.relay.submission.wrong import Wrong
from estafette.tenancy import credentials, streams, templates
from estafette.tenancy.bounds import Bounds
from estafette.tenancy.permissions import Actor
from estafette.tenancy.template_text import Written
from estafette.web.dialects.numbers import message_of
from estafette.web.dialects.postmark.errors import error
from estafette.web.dialects.postmark.form import Plain, Templated
from estafette.web.dialects.translation import read


def message(**fields):
    return {"From": "Ann <ann@acme.example>", "To": "bob@y.example", "Subject": "Hi", "TextBody": "Hello"} | fields


@pytest.fixture
def post(world, call):
    """Send something to a path as acme; returns status and answer."""

    async def ask(path, body, token=None, **how):
        headers = {"X-Postmark-Server-Token": world.keys["acme"]["api_key"] if token is None else token}
        answer = await call(
            "POST", f"/postmark{path}", body, account="", headers=headers | how.pop("headers", {}), **how
        )
        return answer.status, answer.json()

    return ask


@pytest.fixture
def receipt(world):
    """A published template."""
    office = world.services.office(Actor(kind="cli", id="", name="test"))
    text = Written(subject="Dear {{ name }}", text="Hello {{ name }}")
    return templates.create(office, "acme", "receipt-2", text, publish_it=True)


async def kept(world, told):
    number = message_of(told["MessageID"])
    return (await world.store.spool.contents([number]))[number]


async def test_a_message_goes_to_all_that_are_named_and_has_a_uuid(world, post):
    told_to = '"Doe, Jane" <jane@y.example>, bob@y.example'
    status, told = await post(
        "/email", message(To=told_to, Cc="cc@y.example", Bcc="bcc@y.example", HtmlBody="<p>Hi</p>")
    )
    assert (status, told["ErrorCode"], told["Message"], told["To"]) == (200, 0, "OK", told_to)
    assert uuid.UUID(told["MessageID"])
    assert told["SubmittedAt"]
    content = await kept(world, told)
    assert content.recipients == 4
    assert b'To: "Doe, Jane" <jane@y.example>, bob@y.example' in content.body
    assert b"bcc@y.example" not in content.body


async def test_tag_metadata_and_tracking_are_labels_of_the_message(world, post):
    fields = {"Tag": "welcome", "Metadata": {"order": "17", "count": 2}, "TrackOpens": True, "TrackLinks": "None"}
    content = await kept(world, (await post("/email", message(**fields)))[1])
    assert (content.tags, content.metadata) == (("welcome",), {"order": "17", "count": "2"})
    assert (content.opens, content.clicks) == (True, False)
    content = await kept(world, (await post("/email", message(TrackLinks="HtmlAndText")))[1])
    assert (content.opens, content.clicks) == (None, True)


async def test_files_pictures_and_further_fields_are_in_the_message(world, post):
    octets = base64.b64encode(b"%PDF").decode()
    _, told = await post(
        "/email",
        message(
            HtmlBody='<img src="cid:logo">',
            ReplyTo="help@acme.example",
            Headers=[{"Name": "X-Order", "Value": "17"}],
            Attachments=[
                {"Name": "a.pdf", "Content": octets, "ContentType": "application/pdf"},
                {"Name": "l.png", "Content": octets, "ContentType": "image/png", "ContentID": "cid:logo"},
            ],
        ),
    )
    body = (await kept(world, told)).body
    for part in (b"Content-ID: <logo>", b'filename="a.pdf"', b"X-Order: 17", b"Reply-To: help@acme.example"):
        assert part in body, part


async def test_streams_have_names_of_both_services(world, post):
    office = world.services.office(Actor(kind="cli", id="", name="test"))
    streams.create(office, "acme", "invoices", "transactional")
    world.services.directory.reload()
    names = {None: "transactional", "outbound": "transactional", "broadcast": "bulk", "invoices": "invoices"}
    for named, ours in names.items():
        _, told = await post("/email", message(MessageStream=named))
        assert (await kept(world, told)).stream == ours
    status, told = await post("/email", message(MessageStream="nothing"))
    assert (status, told["ErrorCode"]) == (422, 1235)


async def test_a_template_is_named_by_alias_by_number_or_by_our_id(world, post, receipt):
    office = world.services.office(Actor(kind="cli", id="", name="test"))
    templates.create(office, "acme", "18", Written(subject="Second", text="Dear {{ name }}"), publish_it=True)
    identity = world.services.directory.by_api_key(world.keys["acme"]["api_key"])
    fields = {"From": "ann@acme.example", "To": "bob@y.example", "TemplateModel": {"name": "Bob"}, "InlineCss": True}
    for named, text in (
        ({"TemplateAlias": "Receipt-2"}, b"Hello Bob"),
        ({"TemplateAlias": receipt["id"]}, b"Hello Bob"),
        ({"TemplateId": 18}, b"Dear Bob"),
    ):
        for path in ("/email/withTemplate", "/email/withTemplate/"):
            status, told = await post(path, fields | named)
            assert (status, told["Message"]) == (200, "OK")
        body = await world.services.recall.body(identity, message_of(told["MessageID"]))
        assert text in body


async def test_a_batch_answers_for_each_message(world, post):
    status, told = await post("/email/batch", [message(), message(TextBody=""), 7, message(To="eve@y.example")])
    assert (status, [each["ErrorCode"] for each in told]) == (200, [0, 300, 403, 0])
    assert [each.get("To") for each in told] == ["bob@y.example", None, None, "eve@y.example"]
    numbers = [message_of(told[place]["MessageID"]) for place in (0, 3)]
    assert len(await world.store.spool.contents(numbers)) == 2


async def test_a_batch_with_templates_answers_for_each_message(post, receipt):
    good = {
        "From": "ann@acme.example",
        "To": "bob@y.example",
        "TemplateAlias": "receipt-2",
        "TemplateModel": {"name": "B"},
    }
    asked = {"Messages": [good, good | {"TemplateModel": {}}, good | {"TemplateAlias": "nothing"}]}
    for path in ("/email/batchWithTemplates", "/email/batchWithTemplates/"):
        status, told = await post(path, asked)
        assert (status, [each["ErrorCode"] for each in told]) == (200, [0, 403, 1101])
    assert "name" in told[1]["Message"]


WRONG = [
    (message(TextBody=""), 300, "neither text nor html"),
    (message(To="abc"), 300, "Invalid 'To' address: 'abc'."),
    (message(Cc="b@y.example, @abc"), 300, "Invalid 'Cc' address: '@abc'."),
    (message(From=""), 300, "Invalid 'From' address: ''."),
    (message(ReplyTo="abc"), 300, "Invalid 'ReplyTo' address: 'abc'."),
    (message(To=None), 300, "no recipient"),
    (message(From="a@acme.example, b@acme.example"), 300, "From"),
    (message(Tag="x" * 65), 300, "tags.0"),
    (message(TrackLinks="TextOnly"), 300, "TrackLinks"),
    (message(Headers=[{"Name": "From", "Value": "x@y.example"}]), 300, "headers.From"),
    (message(Subject="a\r\nBcc: x@y.example"), 300, "line"),
    (message(From="ann@rival.example"), 400, "sender address not allowed"),
    ({"To": "b@y.example", "TextBody": "x"}, 403, "From"),
    (message(To=["b@y.example"]), 403, "To"),
    (message(Nonsense=1), 403, "Nonsense"),
    (message(TemplateAlias="x"), 403, "TemplateAlias"),
    (message(To="nobody@y.example"), 406, "inactive addresses: nobody@y.example. Inactive recipients"),
]


async def test_what_is_wrong_with_a_message_has_the_code_that_postmark_gives_it(post):
    for asked, code, part in WRONG:
        status, told = await post("/email", asked)
        assert (status, told["ErrorCode"], set(told)) == (422, code, {"ErrorCode", "Message"}), asked
        assert part in told["Message"]


TEMPLATED = [
    ({}, 1120, "TemplateId"),
    ({"TemplateAlias": "x", "Subject": "Own"}, 1123, "Subject"),
    ({"TemplateId": 17}, 1101, "'17'"),
    ({"TemplateAlias": "receipt-2", "TemplateModel": {}}, 403, "name"),
    ({"TemplateAlias": "receipt-2", "InlineCss": False}, 300, "InlineCss"),
]


async def test_what_is_wrong_with_a_template_has_the_code_that_postmark_gives_it(post, receipt):
    for fields, code, part in TEMPLATED:
        status, told = await post("/email/withTemplate", {"From": "ann@acme.example", "To": "b@y.example"} | fields)
        assert (status, told["ErrorCode"]) == (422, code)
        assert part in told["Message"]


async def test_a_suppressed_recipient_is_named_and_the_others_get_it(world, post):
    status, told = await post("/email", message(Cc="nobody@y.example"))
    assert (status, told["ErrorCode"]) == (200, 0)
    assert "inactive addresses: nobody@y.example. Inactive recipients" in told["Message"]
    assert (await kept(world, told)).recipients == 1


GLOBAL = [
    ("/email", {"raw": b'{"From": }'}, 422, 402),
    ("/email", {"raw": b'{"To": "a@b.example", "To": "c@b.example"}'}, 422, 402),
    ("/email", {"raw": b"[" * 100_000}, 422, 402),
    ("/email", {"raw": b"\xff"}, 422, 402),
    ("/email", {"body": []}, 422, 403),
    ("/email/batch", {"body": {}}, 422, 403),
    ("/email/batchWithTemplates", {"body": {"Other": []}}, 422, 403),
    ("/email/batch", {"body": [message()] * 501}, 422, 410),
    ("/email", {"body": message(), "token": "wrong"}, 401, 10),
    ("/email", {"body": message(), "token": ""}, 401, 10),
    ("/email", {"body": message(), "headers": {"Content-Type": "text/plain"}}, 422, 409),
    ("/email", {"raw": b'{"x": "' + b"a" * 3_000_000 + b'"}'}, 422, 300),
    ("/templates", {"body": {}}, 404, 404),
]  # fmt: skip


async def test_a_wrong_request_is_one_error(post):
    for path, how, status, code in GLOBAL:
        answered, told = await post(path, how.pop("body", None), **how)
        assert (answered, told["ErrorCode"], set(told)) == (status, code, {"ErrorCode", "Message"}), path


TEXT = st.none() | st.text() | st.just("a@b.example")


@settings(suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from([Plain, Templated]),
    st.fixed_dictionaries(
        {"From": st.text() | st.just("a@b.example")},
        optional=dict.fromkeys(
            ("To", "Cc", "ReplyTo", "Subject", "Tag", "TemplateAlias", "MessageStream", "Nonsense"), TEXT
        )
        | {"Metadata": st.dictionaries(st.text(), st.none() | st.text() | st.integers() | st.booleans() | st.floats())}
        | {"Headers": st.lists(st.fixed_dictionaries({"Name": st.text(), "Value": TEXT}))},
    ),
)
def test_every_body_is_a_letter_or_is_refused(form, body):
    try:
        letter = read(form, body).letter()
    except Wrong as refusal:
        told = error(refusal.trouble)
    else:
        told = {"ErrorCode": 0, "Message": "".join(letter.metadata.values())}
    assert told["ErrorCode"] in {0, 300, 403, 1120, 1123}


async def test_who_sends_too_much_is_told_when_he_may_again(world, call):
    office = world.services.office(Actor(kind="cli", id="", name="test"))
    world.keys["slow"] = credentials.create(office, "acme", limits=Bounds(per_day=1))
    world.services.directory.reload()
    headers = {"X-Postmark-Server-Token": world.keys["slow"]["api_key"]}
    for status, code in ((200, 0), (429, 429)):
        answer = await call("POST", "/postmark/email", message(), account="", headers=headers)
        assert (answer.status, answer.json()["ErrorCode"]) == (status, code)
    assert int(answer.headers["retry-after"]) > 0
