"""Clients of Brevo, unmodified, told another address: what they send arrives as meant, with its tag in the event."""

import base64
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import httpx
import pytest
from anymail.backends.brevo import EmailBackend
from anymail.exceptions import AnymailRequestsAPIError
from brevo import Brevo
from brevo.core.api_error import ApiError
from brevo.transactional_emails import (
    CreateSmtpTemplateRequestSender,
    SendTransacEmailRequestAttachmentItem,
    SendTransacEmailRequestSender,
    SendTransacEmailRequestToItem,
)
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from tests.servers.letters import signed_by

PDF = b"%PDF-1.7 bill \xff\x00"


@pytest.fixture(scope="module", autouse=True)
def _django():
    if not settings.configured:
        settings.configure(USE_TZ=True)


def base(rig):
    return f"http://{rig.service.address}:{rig.service.http}/brevo/v3"


@pytest.fixture(scope="module")
def client(shared_rig):
    """The vendor's client, over connections that are closed in the end; it does not close its own."""
    with httpx.Client() as connections:
        yield lambda key="": Brevo(
            api_key=key or shared_rig.credential["api_key"], base_url=base(shared_rig), httpx_client=connections
        )


def read(message):
    return message_from_bytes(message, policy=policy.default)


def html(message):
    return message.get_body(("html",)).get_content().strip()


def files(message):
    return [(part.get_filename(), part.get_content()) for part in message.iter_attachments()]


@pytest.fixture(scope="module")
def template(shared_rig, client):
    """A template that the vendor's client has saved, with a management key; its number."""
    words = ("--tenant", "customer", "--scope", "templates", "--scope", "read")
    manager = client(shared_rig.service.cli("key", "create", *words)["key"])
    made = manager.transactional_emails.create_smtp_template(
        sender=CreateSmtpTemplateRequestSender(email="shop@customer.test"),
        subject="Commande de {{ params.name }}",
        template_name="Order confirmation",
        html_content='<p>Bonjour {{ params.name|default:"toi" }}</p>',
        is_active=True,
    )
    assert manager.transactional_emails.get_smtp_template(made.id).name == "order-confirmation"
    return made.id


def test_brevo_python_sends_a_template_with_attachment_and_tag(shared_rig, client, template):
    emails = client().transactional_emails
    sent = emails.send_transac_email(
        sender=SendTransacEmailRequestSender(email="shop@customer.test", name="Shop"),
        to=[SendTransacEmailRequestToItem(email="jane-brevo-python@example.test", name="Jané")],
        template_id=template,
        params={"name": "Jané"},
        tags=["receipt"],
        attachment=[
            SendTransacEmailRequestAttachmentItem(name="facture é.pdf", content=base64.b64encode(PDF).decode())
        ],
    )
    arrived = shared_rig.arrived("jane-brevo-python@example.test")[0]
    message = read(arrived)
    assert signed_by(arrived, shared_rig.dns, "customer.test")
    assert (message["Subject"], message["To"]) == ("Commande de Jané", "Jané <jane-brevo-python@example.test>")
    assert (html(message), files(message)) == ("<p>Bonjour Jané</p>", [("facture é.pdf", PDF)])
    assert message["Message-ID"] == sent.message_id
    (queued,) = shared_rig.events("jane-brevo-python@example.test", kind="queued")
    assert queued["tags"] == ["receipt"]
    (found,) = emails.get_transac_emails_list(message_id=sent.message_id).transactional_emails
    assert (found.email, found.tags, found.template_id) == ("jane-brevo-python@example.test", ["receipt"], template)
    mail = emails.get_transac_email_content(found.uuid_)
    assert "<p>Bonjour Jané</p>" in mail.body
    assert "requests" in [each.name for each in mail.events]


def test_brevo_python_schedules_and_calls_back(shared_rig, client):
    emails = client().transactional_emails
    sent = emails.send_transac_email(
        sender=SendTransacEmailRequestSender(email="shop@customer.test"),
        to=[SendTransacEmailRequestToItem(email="later-brevo-python@example.test")],
        subject="Later",
        text_content="Later",
        scheduled_at=datetime.now(UTC) + timedelta(hours=1),
    )
    assert emails.get_scheduled_email_by_id(sent.message_id).status == "queued"
    emails.delete_scheduled_email_by_id(sent.message_id)
    shared_rig.ended("later-brevo-python@example.test")


def test_brevo_python_is_told_of_errors(client):
    for key, status, code in (("", 404, "document_not_found"), ("wrong", 401, "unauthorized")):
        with pytest.raises(ApiError) as error:
            client(key).transactional_emails.get_smtp_template(77)
        assert (error.value.status_code, error.value.body["code"]) == (status, code)


def backend(rig):
    return EmailBackend(api_key=rig.credential["api_key"], api_url=f"{base(rig)}/")


def test_anymail_sends_a_template_to_many_with_attachment_and_tag(shared_rig, template):
    people = ["jane-any@example.test", "bob-any@example.test"]
    message = EmailMultiAlternatives("", "", "Shop <shop@customer.test>", people)
    message.attach("bill.pdf", PDF, "application/pdf")
    message.template_id, message.tags, message.metadata = template, ["spring"], {"order": "17"}
    message.merge_data = {"jane-any@example.test": {"name": "Jané"}, "bob-any@example.test": {}}
    assert backend(shared_rig).send_messages([message]) == 1
    told = message.anymail_status.recipients
    for person, name, said in zip(people, ("Jané", ""), ("Jané", "toi"), strict=True):
        arrived = read(shared_rig.arrived(person)[0])
        assert (arrived["To"], arrived["Subject"]) == (person, f"Commande de {name}".strip())
        assert (html(arrived), files(arrived)) == (f"<p>Bonjour {said}</p>", [("bill.pdf", PDF)])
        assert arrived["Message-ID"] == told[person].message_id
        (queued,) = shared_rig.events(person, kind="queued")
        assert (queued["tags"], queued["metadata"]["X-Mailin-custom"]) == (["spring"], '{"order": "17"}')


def test_anymail_is_told_of_a_refused_sender(shared_rig):
    message = EmailMultiAlternatives("Bill", "text", "shop@elsewhere.test", ["jane@example.test"])
    with pytest.raises(AnymailRequestsAPIError) as error:
        backend(shared_rig).send_messages([message])
    assert error.value.response.json()["code"] == "permission_denied"
