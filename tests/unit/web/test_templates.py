"""Templates over HTTP, and letters that name one."""

import json

import pytest
from tests.unit.web.test_emails import accepted, one, post, stored
from tests.unit.web.test_management import ask  # noqa: F401  # the fixture

from estafette.mail import late

TEXTS = {
    "name": "order",
    "subject": "Order {{ order.id }}",
    "html": "<p>{{ name }}</p>{% for x in order.lines %}<i>{{ x }}</i>{% endfor %}",
    "variables": [{"name": "name", "type": "string", "required": True}, {"name": "greeting", "default": "Hello"}],
    "sample": {"name": "Jane", "order": {"id": 7, "lines": ["a", "b"]}},
    "publish": True,
}
PATH = "/v1/tenants/acme/templates"
ORDER = {"order": {"id": 7, "lines": ["<a>"]}}


@pytest.fixture
async def order(ask):  # noqa: F811
    made = await ask("POST", PATH, TEXTS)
    assert made.status == 201, made.body
    return made.json()


async def written(world, answer, number=1):
    content, _ = await stored(world, answer)
    return late.write(late.opened(content.body), number).decode()


async def test_a_letter_takes_the_published_version_and_keeps_it(world, ask, order):  # noqa: F811
    sent = await post(world, subject="", text="", template="order", data={"name": "<Jo>", **ORDER})
    assert sent.status == 202, sent.body
    await ask("PATCH", f"{PATH}/order", {"html": "<p>new</p>"}, **{"If-Match": "*"})
    await ask("POST", f"{PATH}/order/publish", {})
    assert (await ask("DELETE", f"{PATH}/order")).status == 200
    first, second = await written(world, sent), await written(world, sent)
    assert first == second
    assert "Subject: Order 7\r\n" in first
    assert "<p>&lt;Jo&gt;</p><i>&lt;a&gt;</i>" in first


async def test_a_missing_value_is_named_with_the_template_and_the_recipient(world, order):
    people = [
        {"to": "a@y.example", "data": {"name": "A"}},
        {"to": "b@y.example"},
        {"to": "c@y.example", "data": {"name": 3}},
    ]
    answer = await post(world, to=[], subject="", text="", template="order", data=ORDER, recipients=people)
    assert answer.status == 202, answer.body
    told = {each["recipient"]: each for each in answer.json()["recipients"]}
    assert told["a@y.example"]["status"] == "accepted"
    assert (told["b@y.example"]["problem"]["code"], told["b@y.example"]["problem"]["field"]) == (
        "missing_value",
        "recipients.1.data",
    )
    assert "template order" in told["b@y.example"]["problem"]["detail"]
    assert told["c@y.example"]["problem"]["code"] == "wrong_type"
    assert "To: a@y.example\r\n" in await written(world, answer)
    alone = await post(world, subject="", text="", template="order", data={"name": "x"})
    assert (alone.status, alone.json()["code"], alone.json()["field"]) == (422, "missing_value", "data")
    assert "no value for order" in alone.json()["detail"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"template": "nobody"}, "template_not_found"),
        ({"template": "order", "template_version": 9}, "template_not_found"),
        ({"template": "draft"}, "template_not_published"),
        ({"subject": "{{ x }}", "data": {"x": "a\x00b"}, "text": "t"}, "invalid_text"),
        ({"text": "{% for i in range(10000) %}{% for j in range(10000) %}x{% endfor %}{% endfor %}", "data": {}}, "template_limit"),
        ({"text": "{{ 1 | }}", "data": {}}, "template_syntax"),
    ],
)  # fmt: skip
async def test_what_cannot_be_rendered_is_refused_before_anything_is_kept(world, ask, order, fields, code):  # noqa: F811
    await ask("POST", PATH, {**TEXTS, "name": "draft", "publish": False})
    answer = await post(world, **({"subject": "", "text": "", "data": {"name": "x", **ORDER}} | fields))
    assert (answer.status, answer.json()["code"]) == (422, code), answer.body
    assert await accepted(world) == 0


async def test_a_value_cannot_bring_a_header_field(world):
    answer = await post(world, subject="Hi {{ x }}", data={"x": "a\r\nBcc: eve@z.example\r\n\r\nbody"})
    head = (await written(world, answer)).partition("\r\n\r\n")[0]
    assert "\r\nBcc:" not in head
    assert "Subject: Hi a Bcc: eve@z.example body\r\n" in head


async def test_texts_without_data_are_no_templates(world):
    answer = await post(world, to=[], subject="{{ a }}", text="{% b", recipients=[{"to": "a@y.example"}])
    assert answer.status == 202, answer.body
    assert "Subject: {{ a }}\r\n" in await written(world, answer)


async def test_preview_and_test_letter(world, ask, order):  # noqa: F811
    shown = (await ask("POST", f"{PATH}/order/preview", {"data": {"name": "J", **ORDER}})).json()
    assert (shown["subject"], shown["html"]) == ("Order 7", "<p>J</p><i>&lt;a&gt;</i>")
    missing = await ask("POST", f"{PATH}/order/preview", {"data": {"name": "J"}})
    assert (missing.status, missing.json()["code"]) == (422, "missing_value")
    test = {"from": "shop@acme.example", "to": "me@y.example"}
    assert (await ask("POST", f"{PATH}/order/test", test)).json()["code"] == "credential_needed"
    sent = await post(world, "/v1/templates/order/test", body=json.dumps(test).encode())
    assert sent.status == 202, sent.body
    content, _ = await stored(world, sent)
    assert content.tags == ("template-test",)


async def test_a_credential_may_use_templates_and_not_change_them(world, order):
    answer = await post(world, "/v1/templates", body=json.dumps({**TEXTS, "name": "x"}).encode())
    assert (answer.status, answer.json()["code"]) == (403, "forbidden")


async def test_letters_of_a_batch_stand_for_themselves(world, order):
    emails = [one(subject="", text="", template="order", data=data) for data in ({"name": "A", **ORDER}, ORDER)]
    answer = await post(world, "/v1/emails/batch", body=json.dumps({"emails": emails}).encode())
    assert [each["status"] for each in answer.json()["items"]] == ["queued", "refused"]
    assert answer.json()["items"][1]["problem"]["code"] == "missing_value"


@pytest.mark.parametrize(
    ("syntax", "html", "data", "shown"),
    [
        ("mailjet", '<b>{{var:name:"you"}}</b>{% if var:n > 2 %}A{% endif %}', {"n": 3}, "<b>you</b>A"),
        ("brevo", "{% for i in params.list %}{{ i }}{% endfor %}{{ params.gone }}", {"params": {"list": [1, 2]}}, "12"),
    ],
)
async def test_a_template_of_another_service_is_kept_in_our_language(ask, syntax, html, data, shown):  # noqa: F811
    made = await ask("POST", PATH, {"name": "moved", "html": html, "syntax": syntax})
    assert made.status == 201, made.body
    told = await ask("POST", f"{PATH}/moved/preview", {"data": data})
    assert told.json()["html"] == shown


async def test_what_a_template_of_another_service_has_and_we_lack_is_named(ask):  # noqa: F811
    refused = await ask("POST", PATH, {"name": "moved", "html": "a\n{{ unsubscribe }}", "syntax": "brevo"})
    told = refused.json()
    assert (refused.status, told["code"]) == (422, "not_supported"), told
    assert "html, line 2: unsubscribe is not offered" in told["detail"]
    plain = await ask("POST", PATH, {"name": "plain", "html": "<p>a</p>"})
    changed = await ask("PATCH", f"{PATH}/plain", {"syntax": "mailjet"}, **{"If-Match": "*"})
    assert (plain.status, changed.json()["latest"]) == (201, 1)
