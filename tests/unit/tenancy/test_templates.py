"""Templates are saved as drafts, published, taken back and shown; on both engines."""

from __future__ import annotations

import msgspec
import pytest

from estafette.model.template import Variable
from estafette.store.interface.page import Page
from estafette.store.interface.records import AlreadyThere, Stale
from estafette.tenancy import audit, templates, tenants
from estafette.tenancy.office import NotFound, Office
from estafette.tenancy.template_text import BadTemplate, Written

MJML = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>Hi {{ name }}</mj-text></mj-column></mj-section></mj-body></mjml>"
)


@pytest.fixture
def acme(office: Office) -> str:
    return str(tenants.create(office, "Acme")["id"])


def hello(**fields: object) -> Written:
    return Written(**{"subject": "Hi {{ name }}", "html": "<p>{{ name }}</p>", "sample": {"name": "<Jane>"}, **fields})


def test_drafts_are_published_and_taken_back(office: Office, acme: str) -> None:
    made = templates.create(office, acme, "hello", hello())
    assert (made["published"], made["latest"], made["draft"]) == (None, 1, True)
    templates.publish(office, acme, "hello")
    saved = templates.update(office, acme, "hello", Written(html="<b>{{ name }}</b>"))
    assert (saved["published"], saved["latest"], saved["content"]["subject"]) == (1, 2, "Hi {{ name }}")
    assert templates.publish(office, acme, "hello")["published"] == 2
    assert templates.rollback(office, acme, str(made["id"]))["published"] == 1
    with pytest.raises(BadTemplate, match="nothing was published before"):
        templates.rollback(office, acme, "hello")
    assert templates.show(office, acme, "hello", 1)["content"]["html"] == "<p>{{ name }}</p>"
    told = templates.versions(office, acme, "hello", Page(limit=1))
    assert [each["number"] for each in told["items"]] == [1]
    assert [each["action"] for each in audit.list_all(office)["items"]][:3] == [
        "template.rollback", "template.publish", "template.update",
    ]  # fmt: skip


def test_a_preview_shows_what_is_sent(office: Office, acme: str) -> None:
    templates.create(office, acme, "hello", hello(variables=(Variable(name="sign", default="Ann"),), text="{{ sign }}"))
    shown = templates.preview(office, acme, "hello")
    assert (shown["subject"], shown["html"], shown["text"]) == ("Hi <Jane>", "<p>&lt;Jane&gt;</p>", "Ann")
    assert templates.preview(office, acme, "hello", {"name": "a\r\nBcc: b"})["subject"] == "Hi a Bcc: b"
    with pytest.raises(BadTemplate, match="no value for name") as caught:
        templates.preview(office, acme, "hello", {})
    assert caught.value.code == "missing_value"


def test_mjml_and_css_are_compiled_when_saved(office: Office, acme: str) -> None:
    made = templates.create(office, acme, "letter", hello(html=MJML, language="mjml"))
    content = made["content"]
    assert (content["source"], content["language"]) == (MJML, "mjml")
    assert "Hi {{ name }}" in content["html"]
    assert "<mj-" not in content["html"]
    styled = hello(html="<style>p { color: red }</style><p>{{ name }}</p>", language="html")
    assert 'style="color: red' in templates.update(office, acme, "letter", styled)["content"]["html"]


def test_layouts_must_be_published_to_be_taken(office: Office, acme: str) -> None:
    body = hello(html="{% extends 'frame' %}{% block main %}{{ name }}{% endblock %}")
    with pytest.raises(BadTemplate, match="frame, which is not published"):
        templates.create(office, acme, "hello", body)
    frame = Written(html="<body>{% block main %}{% endblock %}</body>")
    templates.create(office, acme, "frame", frame, kind="part", publish_it=True)
    templates.create(office, acme, "hello", body)
    assert templates.preview(office, acme, "hello")["html"] == "<body>&lt;Jane&gt;</body>"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (hello(html="{% for %}"), "template_syntax"),
        (hello(sample={"other": 1}), "missing_value"),
        (hello(html="", subject="x"), "empty_message"),
        (hello(html="<mjml>", language="mjml"), "invalid_mjml"),
        (hello(variables=(Variable(name="a b"),)), "invalid_template"),
        (hello(variables=(Variable(name="n", type="number", default="x"),)), "invalid_template"),
        (hello(variables=(Variable(name="name", type="number"),)), "wrong_type"),
        (hello(html="{{ [1] * 1000000000 }}"), "template_construct"),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_not_saved(office: Office, acme: str, text: Written, code: str) -> None:
    with pytest.raises(BadTemplate) as caught:
        templates.create(office, acme, "hello", text)
    assert caught.value.code == code
    assert templates.list_all(office, acme)["items"] == []


def test_names_are_taken_once_and_belong_to_a_tenant(office: Office, acme: str) -> None:
    templates.create(office, acme, "hello", hello())
    templates.create(office, acme, "other", hello())
    with pytest.raises(AlreadyThere):
        templates.create(office, acme, "hello", hello())
    with pytest.raises(AlreadyThere):
        templates.update(office, acme, "other", Written(), rename="hello")
    tenants.create(office, "Beta")
    for act in (templates.show, templates.publish, templates.remove, templates.preview):
        with pytest.raises(NotFound):
            act(office, "Beta", "hello")
    assert templates.remove(office, acme, "hello")["removed"]
    assert [each["name"] for each in templates.list_all(office, acme)["items"]] == ["other"]


def test_who_was_slower_changes_nothing(office: Office, acme: str) -> None:
    made = templates.create(office, acme, "hello", hello())
    seen = msgspec.structs.replace(office, expected=made["version"])
    templates.update(office, acme, "hello", Written(text="first"))
    with pytest.raises(Stale):
        templates.update(seen, acme, "hello", Written(text="second"))
    assert templates.show(office, acme, "hello")["content"]["text"] == "first"
