"""Our own clients before a real service: a stored template, a file and a tag arrive as meant."""

import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from anymail.message import AnymailMessage
from django.conf import settings
from django.core import mail
from django.test import override_settings
from tests.servers.letters import signed_by

from anymail_estafette.backend import EmailBackend
from estafette.sdk import AsyncClient, Attachment, Client, Message, Person

HOW_TO = Path(__file__).parents[2] / "docs/how-to"
PDF = b"%PDF-1.7 bill \xff\x00"
LOGO = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def template(shared_rig):
    """The name of a published template of the customer."""
    if not settings.configured:
        settings.configure(USE_TZ=True)
    words = ["order-own", "--tenant", "customer", "--subject", "Order {{ id }}", "--publish"]
    for name, content in {"text": "Dear {{ name }},", "html": '<p>Dear {{ name }},</p><img src="cid:logo">'}.items():
        file = shared_rig.service.folder / f"order.{name}"
        file.write_text(content)
        words += [f"--{name}", str(file)]
    shared_rig.service.cli("template", "create", *words)
    return "order-own"


def address(rig):
    return f"http://{rig.service.address}:{rig.service.http}"


def read(message):
    return message_from_bytes(message, policy=policy.default)


def shown(page, *replace):
    """The Python of a page, with names of this place."""
    blocks = re.findall(r"^```python\n(.*?)^```$", (HOW_TO / page).read_text(), re.MULTILINE | re.DOTALL)
    for old, new in replace:
        blocks = [block.replace(old, new) for block in blocks]
    return blocks


def letter(template, recipient):
    files = [Attachment(filename="bill.pdf", content=PDF), Attachment(filename="logo.png", content=LOGO, cid="logo")]
    return Message(
        from_="Shop <shop@customer.test>", recipients=[Person(f"Jané <{recipient}>", {"name": "Jané"})], template=template,
        data={"id": 7}, attachments=files, tags=["receipt"], metadata={"order": "7"},
    )  # fmt: skip


def judge(rig, recipient):
    """What arrived is what was meant, and its events have its labels."""
    arrived = rig.arrived(recipient)[0]
    message = read(arrived)
    assert signed_by(arrived, rig.dns, "customer.test")
    assert (message["Subject"], message["To"].addresses[0].display_name) == ("Order 7", "Jané")
    assert "Dear Jané," in message.get_body(("plain",)).get_content()
    files = {part.get_filename(): part for part in message.walk() if part.get_filename()}
    assert files["bill.pdf"].get_content() == PDF
    assert (files["logo.png"].get_content(), files["logo.png"]["Content-ID"]) == (LOGO, "<logo>")
    (queued,) = rig.events(recipient, kind="queued")
    assert (queued["tags"], queued["metadata"]) == (["receipt"], {"order": "7"})
    return queued


def test_the_sdk_sends_once_and_follows(shared_rig, template):
    with Client(address(shared_rig), shared_rig.credential["api_key"]) as client:
        sent = client.emails.send(letter(template, "jane-sdk@example.test"), idempotency_key="order-own")
        again = client.emails.send(letter(template, "jane-sdk@example.test"), idempotency_key="order-own")
        assert again.id == sent.id
        queued = judge(shared_rig, "jane-sdk@example.test")
        assert queued["message"] == sent.recipients[0].id
        mine = (event for event in client.events.follow(pause=0.2) if event.recipient == "jane-sdk@example.test")
        assert [next(mine).kind, next(mine).kind] == ["queued", "delivered"]
        assert [each.kind for each in client.emails.get(sent.id).events] == ["queued", "delivered"]


async def test_the_sdk_for_asyncio_sends(shared_rig, template):
    async with AsyncClient(address(shared_rig), shared_rig.credential["api_key"]) as client:
        (sent,) = await client.emails.send_batch([letter(template, "jane-async@example.test")])
        assert sent.status == "queued"
        async for event in client.events.follow(kind="delivered", pause=0.2):
            if event.recipient == "jane-async@example.test":
                break
    judge(shared_rig, "jane-async@example.test")


def test_django_sends_through_our_backend(shared_rig, template):
    message = AnymailMessage("", "", "Shop <shop@customer.test>", ["Jané <jane-django@example.test>"])
    message.template_id, message.tags, message.metadata = template, ["receipt"], {"order": 7}
    message.merge_global_data, message.merge_data = {"id": 7}, {"jane-django@example.test": {"name": "Jané"}}
    message.attach("bill.pdf", PDF, "application/pdf")
    message.attach_inline_image(LOGO, "logo.png", "png")
    message.attachments[-1].replace_header("Content-ID", "<logo>")
    backend = EmailBackend(api_key=shared_rig.credential["api_key"], api_url=address(shared_rig))
    assert backend.send_messages([message]) == 1
    assert message.anymail_status.status == {"queued"}
    queued = judge(shared_rig, "jane-django@example.test")
    assert message.anymail_status.recipients["jane-django@example.test"].message_id == queued["message"]


def test_the_page_of_the_sdk_does_what_it_says(shared_rig, template, tmp_path, monkeypatch):
    key = shared_rig.service.cli("key", "create", "--tenant", "customer", "--scope", "templates", "--scope", "read")[
        "key"
    ]
    monkeypatch.setenv("ESTAFETTE_URL", address(shared_rig))
    monkeypatch.setenv("ESTAFETTE_KEY", shared_rig.credential["api_key"])
    monkeypatch.setenv("ESTAFETTE_MANAGEMENT_KEY", key)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "invoice.pdf").write_bytes(PDF)
    names = (
        ("acme.example", "customer.test"),
        ("jane@example.org", "jane-page@example.test"),
        ("joe@example.org", "joe-page@example.test"),
    )
    world = {}
    for block in shown("python-sdk.md", *names, ('"order"', f'"{template}"')):
        exec(block, world)  # noqa: S102 - the page is ours
    world["client"].close()
    assert world["story"].events[0].kind == "queued"
    assert b"invoice.pdf" in world["source"]
    assert world["waiting"].status == "scheduled"
    assert len(shared_rig.arrived("jane-page@example.test", 4)) == 4


def test_djangos_settings_of_the_page_send(shared_rig, monkeypatch):
    service, pair = shared_rig.service, shared_rig.credential
    for name, value in {
        "SMTP_USER": pair["username"], "SMTP_PASSWORD": pair["password"], "ESTAFETTE_KEY": pair["api_key"],
        "SSL_CERT_FILE": str(service.certificates.ca_file),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    places = ("mx1.example.net", service.address), ("465", str(service.submissions)), ("acme.example", "customer.test")
    over_smtp, over_http = shown("switch-frameworks.md", *places, ("https://mail.example.net", address(shared_rig)))
    for recipient, block in {"django-smtp@example.test": over_smtp, "django-http@example.test": over_http}.items():
        told = {}
        exec(block, told)  # noqa: S102 - the page is ours
        with override_settings(**{name: value for name, value in told.items() if name.isupper()}):
            assert (
                mail.get_connection().send_messages([mail.EmailMessage("Order 7", "It left today.", to=[recipient])])
                == 1
            )
        assert read(shared_rig.arrived(recipient)[0])["From"] == "shop@customer.test"
