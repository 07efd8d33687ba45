"""Clients of Mailjet, unmodified, told another address: what they send arrives as meant, with its labels in the events."""

from email import message_from_bytes, policy

import pytest
from anymail.backends.mailjet import EmailBackend
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from mailjet_rest import Client
from mailjet_rest.client import MailjetAuthError
from mailjet_rest.config import Config
from tests.servers.calendar import until
from tests.servers.letters import await_login, letter, signed_by, submit

PDF = b"%PDF-1.7 bill \xff\x00"


@pytest.fixture(scope="module", autouse=True)
def _django():
    if not settings.configured:
        settings.configure(USE_TZ=True)


def base(rig):
    return f"http://{rig.service.address}:{rig.service.http}/mailjet/"


@pytest.fixture
def mailjet(shared_rig, monkeypatch):
    """The vendor's client; it lets itself be pointed at its own domain only, which is a setting of its class."""
    monkeypatch.setattr(Config, "ALLOWED_ROOT_DOMAIN", shared_rig.service.address)
    pair = (shared_rig.credential["username"], shared_rig.credential["password"])
    return lambda version, auth=pair: Client(auth=auth, version=version, api_url=base(shared_rig))


@pytest.fixture(scope="module")
def template(shared_rig, tmp_path_factory):
    """A template in Mailjet's language; its number."""
    page = tmp_path_factory.mktemp("mailjet") / "order.html"
    page.write_text('<p>Bonjour {{var:name}}</p>{% if var:vip:"" == "yes" %}<b>VIP</b>{% endif %}')
    words = ("--subject", "Commande de {{var:name}}", "--html", str(page), "--syntax", "mailjet", "--publish")
    shared_rig.service.cli("template", "create", "1806", "--tenant", "customer", *words)
    return 1806


def html(message):
    return message.get_body(("html",)).get_content().strip()


def read(message):
    return message_from_bytes(message, policy=policy.default)


def test_mailjet_rest_sends_a_template_with_attachment_and_campaign(shared_rig, mailjet, template):
    data = {
        "Messages": [
            {
                "From": {"Email": "shop@customer.test", "Name": "Shop"},
                "To": [{"Email": "jane-rest@example.test", "Name": "Jané"}],
                "TemplateID": template,
                "TemplateLanguage": True,
                "Variables": {"name": "Jané", "vip": "yes"},
                "CustomCampaign": "spring",
                "CustomID": "order-17",
                "Attachments": [
                    {
                        "ContentType": "application/pdf",
                        "Filename": "bill.pdf",
                        "Base64Content": "JVBERi0xLjcgYmlsbCD/AA==",
                    }
                ],
            }
        ]
    }
    with mailjet("v3.1") as client:
        answer = client.send.create(data=data)
    told = answer.json()["Messages"][0]
    arrived = shared_rig.arrived("jane-rest@example.test")[0]
    message = read(arrived)
    assert signed_by(arrived, shared_rig.dns, "customer.test")
    assert (message["Subject"], message["To"]) == ("Commande de Jané", "Jané <jane-rest@example.test>")
    assert html(message) == "<p>Bonjour Jané</p><b>VIP</b>"
    assert [part.get_content() for part in message.iter_attachments()] == [PDF]
    with mailjet("v3") as client:
        found = client.messagehistory.get(id=told["To"][0]["MessageID"])
    assert found.json()["Data"][0]["EventType"] == "sent"
    page = shared_rig.events("jane-rest@example.test", kind="queued")
    assert [(each["campaign"], each["metadata"]) for each in page] == [("spring", {"CustomID": "order-17"})]


def test_mailjet_rest_counts_a_campaign(shared_rig, mailjet):
    message = {
        "From": {"Email": "shop@customer.test"}, "To": [{"Email": "jane-counted@example.test"}], "TextPart": "x",
        "CustomCampaign": "counted",
    }  # fmt: skip
    with mailjet("v3.1") as client:
        assert client.send.create(data={"Messages": [message]}).status_code == 200
    asked = {"CounterSource": "Campaign", "CounterTiming": "Message", "CounterResolution": "Lifetime"}
    with mailjet("v3") as client:

        def counters():
            found = client.campaign.get(filters={"CustomCampaign": "counted"}).json()["Data"]
            told = [
                client.statcounters.get(filters=asked | {"SourceID": each["ID"]}).json()["Data"][0] for each in found
            ]
            return [each for each in told if each["MessageSentCount"]]

        (counter,) = until(counters)
    assert (counter["Total"], counter["MessageSentCount"], counter["MessageOpenedCount"]) == (1, 1, 0)


def test_mailjet_rest_is_told_of_a_wrong_key(mailjet):
    with mailjet("v3.1", ("nobody", "wrong")) as client, pytest.raises(MailjetAuthError):
        client.send.create(data={"Messages": [{}]})


def backend(rig):
    return EmailBackend(
        api_key=rig.credential["username"], secret_key=rig.credential["password"], api_url=f"{base(rig)}v3.1/"
    )


def test_anymail_sends_a_template_with_attachment_tag_and_metadata(shared_rig, template):
    message = EmailMultiAlternatives(
        None, None, "shop@customer.test", ["jane-anymail@example.test"], cc=["bob-anymail@example.test"]
    )
    message.template_id, message.merge_global_data = str(template), {"name": "Jané"}
    message.attach("bill.pdf", PDF, "application/pdf")
    message.tags, message.metadata, message.track_opens = ["receipt"], {"order": "17"}, False
    assert backend(shared_rig).send_messages([message]) == 1
    status = message.anymail_status
    assert status.status == {"sent"}
    assert set(status.recipients) == {"jane-anymail@example.test", "bob-anymail@example.test"}
    arrived = read(shared_rig.arrived("jane-anymail@example.test")[0])
    assert (arrived["Subject"], html(arrived)) == ("Commande de Jané", "<p>Bonjour Jané</p>")
    assert arrived["Cc"] == "bob-anymail@example.test"
    assert [part.get_content() for part in arrived.iter_attachments()] == [PDF]
    for recipient in status.recipients:
        (queued,) = shared_rig.events(recipient, kind="queued")
        assert (queued["campaign"], queued["metadata"]["EventPayload"]) == ("receipt", '{"order": "17"}')


def test_anymail_is_told_of_a_refused_sender(shared_rig):
    message = EmailMultiAlternatives("Bill", "text", "shop@elsewhere.test", ["jane@example.test"])
    backend(shared_rig).send_messages([message])
    assert message.anymail_status.status == {"failed"}
    assert message.anymail_status.esp_response.json()["Messages"][0]["Errors"][0]["ErrorCode"] == "send-0008"


def test_an_smtp_customer_of_mailjet_keeps_the_header_fields(shared_rig):
    credential = shared_rig.service.credential(headers="mailjet")
    await_login(shared_rig.service, credential)
    message = letter("shop@customer.test", "jane-smtp@example.test")
    message["X-Mailjet-Campaign"], message["X-MJ-CustomID"], message["X-Mailjet-TrackOpen"] = "spring", "order-17", "0"
    message["X-MJ-TemplateLanguage"], message["X-MJ-Vars"] = "1", '{"who": "Jane"}'
    message.replace_header("Subject", 'Hello {{var:who}}{% if var:who == "Jane" %}!{% endif %}')
    submit(shared_rig.service, credential, message, ["jane-smtp@example.test"])
    arrived = shared_rig.arrived("jane-smtp@example.test")[0]
    assert signed_by(arrived, shared_rig.dns, "customer.test")
    assert b"Subject: Hello Jane!\r\n" in arrived
    assert b"x-mj-" not in arrived.lower()
    assert b"x-mailjet-" not in arrived.lower()
    page = shared_rig.events("jane-smtp@example.test", kind="queued")
    assert [(each["campaign"], each["metadata"]) for each in page] == [("spring", {"CustomID": "order-17"})]
