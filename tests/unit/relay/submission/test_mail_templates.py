"""Mailjet's templates over SMTP: what a message becomes before the gate sees it."""

import email
from email import policy

import pytest
from tests.unit.relay.submission.test_gate import desk  # noqa: F401  # the fixture

from estafette.base.errors import Refusal
from estafette.mail.headers import Head
from estafette.model.template import Variable
from estafette.relay.submission.mail_templates import MailTemplates, asked
from estafette.relay.submission.stationery import Stationery
from estafette.tenancy import templates
from estafette.tenancy.template_text import Written


@pytest.fixture
def write(desk):  # noqa: F811
    tenant = desk.office.tenant("Acme").id
    text = Written(
        subject="Order {{ id }}", html="<p>{{ name }}</p>", variables=(Variable(name="greeting", default="Hello"),)
    )
    templates.create(desk.office, tenant, "18", text, publish_it=True)
    writer = MailTemplates(Stationery(desk.office.control.templates, desk.gate._clock))

    async def written(*fields, body=b"Hello {{var:name}}\r\n"):
        made, said = await writer.written(tenant, b"\r\n".join([*fields, b"", body]), 7)
        return email.message_from_bytes(made, policy=policy.default), said

    return written


async def test_texts_in_mailjets_language_are_written_with_the_values_of_the_message(write):
    made, said = await write(
        b"From: a@acme.test", b"Subject: Dear {{var:name}}", b"X-MJ-TemplateLanguage: 1", b"X-MJ-CustomID: c7",
        b'X-MJ-Vars: {"name":\r\n "Zo\xc3\xab"}',
    )  # fmt: skip
    assert (made["Subject"], made.get_content().strip()) == ("Dear Zoë", "Hello Zoë")
    assert (made["X-MJ-Vars"], made["X-MJ-TemplateLanguage"]) == (None, None)
    assert (said.metadata, said.template) == ({"CustomID": "c7"}, "")


async def test_a_stored_template_stands_for_the_texts(write):
    made, said = await write(b"From: a@acme.test", b"X-MJ-TemplateID: 18", b'X-MJ-Vars: {"id": 7, "name": "<Jo>"}')
    assert (made["Subject"], said.template) == ("Order 7", "18@1")
    assert made.get_body(("html",)).get_content().strip() == "<p>&lt;Jo&gt;</p>"
    assert made.get_body(("plain",)).get_content().strip() == "<Jo>"


async def test_the_subject_of_the_message_wins(write):
    made, _ = await write(
        b"From: a@acme.test", b"Subject: For {{var:name}}", b"X-MJ-TemplateID: 18", b"X-MJ-TemplateLanguage: yes",
        b'X-MJ-Vars: {"id": 7, "name": "Jo"}',
    )  # fmt: skip
    assert made["Subject"] == "For Jo"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ((b"X-MJ-TemplateID: 17",), "there is no template '17'"),
        ((b"X-MJ-TemplateID: 18", b'X-MJ-Vars: {"id": 7}'), "there is no value for name"),
        ((b"X-MJ-TemplateLanguage: 1",), "there is no value for name"),
        ((b"X-MJ-TemplateLanguage: 1", b"X-MJ-Vars: [1]"), "X-MJ-Vars is no JSON object"),
        ((b"X-MJ-TemplateLanguage: 1", b"X-MJ-Vars: {" + b"x" * 100_001), "more than 100000 octets"),
        ((b"X-MJ-TemplateLanguage: 1", b"Subject: {% include 'a' %}"), "{% include %} is not offered"),
        ((b"X-MJ-TemplateLanguage: 1", b"Content-Type: text/plain; charset=punycode"), "send UTF-8"),
    ],
)
async def test_what_cannot_be_written_is_refused_by_name(write, fields, named):
    with pytest.raises(Refusal) as caught:
        await write(b"From: a@acme.test", *fields)
    assert (caught.value.code, caught.value.enhanced, caught.value.rule) == (550, "5.6.0", "template")
    assert named in caught.value.public


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        (b"X-MJ-TemplateID: 18", True), (b"X-MJ-TemplateLanguage: True", True), (b"X-MJ-TemplateID: 0", False),
        (b"X-MJ-TemplateLanguage: no", False), (b"X-MJ-Vars: {}", False),
    ],
)  # fmt: skip
def test_only_what_names_a_template_is_one(field, wanted):
    assert asked(Head.parse(field + b"\r\n\r\n")) is wanted
