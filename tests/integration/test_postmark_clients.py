"""Clients of Postmark, unmodified, told another address: what they send arrives as meant, with its tag in the event."""

from email import message_from_bytes, policy
from email.mime.application import MIMEApplication

import pytest
from anymail.backends.postmark import EmailBackend
from anymail.message import AnymailMessage
from django.conf import settings
from postmarker.core import PostmarkClient
from postmarker.exceptions import ClientError
from tests.servers.calendar import until
from tests.servers.letters import signed_by

PDF = b"%PDF-1.7 bill \xff\x00"
MODEL = {"id": 7, "person": {"name": "Jané"}}


@pytest.fixture(scope="module")
def receipt(shared_rig):
    """The alias of a published template of the customer, saved in Postmark's language."""
    if not settings.configured:
        settings.configure(USE_TZ=True)
    page = shared_rig.service.folder / "receipt.html"
    page.write_text("<p>Dear {{#person}}{{name}}{{/person}}</p>")
    words = ("--subject", "Receipt {{id}}", "--html", str(page), "--syntax", "postmark", "--publish")
    shared_rig.service.cli("template", "create", "receipt", "--tenant", "customer", *words)
    return "receipt"


def base(rig):
    return f"http://{rig.service.address}:{rig.service.http}/"


@pytest.fixture
def postmark(shared_rig):
    """The client; it drops the path of its address, so that it asks a host on which nothing else answers."""

    def made(token):
        client = PostmarkClient(server_token=token, root_api_url=base(shared_rig))
        client.session.headers["Host"] = "postmark.test"
        return client

    return made


def judge(rig, recipient):
    """What arrived is what was meant, and its event has its labels."""
    raw = rig.arrived(recipient)[0]
    message = message_from_bytes(raw, policy=policy.default)
    assert signed_by(raw, rig.dns, "customer.test")
    assert (message["Subject"], message["To"].addresses[0].display_name) == ("Receipt 7", "Jané")
    assert message.get_body(("html",)).get_content().strip() == "<p>Dear Jané</p>"
    assert [(part.get_filename(), part.get_content()) for part in message.iter_attachments()] == [("bill.pdf", PDF)]
    (queued,) = rig.events(recipient, kind="queued")
    assert (queued["tags"], queued["metadata"], queued["stream"]) == (["receipt"], {"order": "17"}, "transactional")


def test_postmarker_sends_a_template_with_attachment_and_tag_and_looks_it_up(shared_rig, postmark, receipt):
    client = postmark(shared_rig.credential["api_key"])
    bill = MIMEApplication(PDF, "pdf")
    bill.add_header("Content-Disposition", "attachment", filename="bill.pdf")
    told = client.emails.send_with_template(
        TemplateAlias=receipt, TemplateModel=MODEL, From="Shop <shop@customer.test>",
        To="Jané <jane-postmarker@example.test>", Tag="receipt", Metadata={"order": "17"}, Attachments=[bill],
    )  # fmt: skip
    judge(shared_rig, "jane-postmarker@example.test")
    until(lambda: shared_rig.events("jane-postmarker@example.test", kind="delivered"))
    found = client.messages.outbound.get(told["MessageID"])
    assert (found.Status, found.Tag, found.MessageEvents[0]["Type"]) == ("Sent", "receipt", "Delivered")
    assert told["MessageID"] in [each.MessageID for each in client.messages.outbound.all(count=20)]


def test_postmarker_sends_a_batch_and_is_told_of_each(shared_rig, postmark):
    message = {"From": "shop@customer.test", "Subject": "Hi", "TextBody": "Hello"}
    others = [message | {"To": "jane-batch@example.test"}, message | {"To": "nobody"}]
    told = postmark(shared_rig.credential["api_key"]).emails.send_batch(*others)
    assert [each["ErrorCode"] for each in told] == [0, 300]
    assert shared_rig.arrived("jane-batch@example.test")


def test_postmarker_is_told_of_a_wrong_token(postmark):
    with pytest.raises(ClientError, match="10") as refusal:
        postmark("wrong").emails.send(From="shop@customer.test", To="jane@example.test", TextBody="Hello")
    assert refusal.value.error_code == 10


def backend(rig):
    return EmailBackend(server_token=rig.credential["api_key"], api_url=f"{base(rig)}postmark/")


def test_anymail_sends_a_template_with_attachment_tag_and_metadata(shared_rig, receipt):
    mail = AnymailMessage("", "", "Shop <shop@customer.test>", ["Jané <jane-anymail-postmark@example.test>"])
    mail.template_id, mail.tags, mail.metadata = receipt, ["receipt"], {"order": "17"}
    mail.merge_global_data = MODEL
    mail.attach("bill.pdf", PDF, "application/pdf")
    assert backend(shared_rig).send_messages([mail]) == 1
    assert mail.anymail_status.status == {"sent"}
    judge(shared_rig, "jane-anymail-postmark@example.test")


def test_anymail_is_told_which_recipient_is_none(shared_rig, receipt):
    mail = AnymailMessage("Hi", "Hello", "shop@customer.test", ["jane@example.test"], cc=["bob@-.test"])
    backend(shared_rig).send_messages([mail])
    assert mail.anymail_status.recipients["bob@-.test"].status == "invalid"
