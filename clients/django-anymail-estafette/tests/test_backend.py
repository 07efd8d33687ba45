"""What a Django message becomes on the wire, checked against the service's own schema; what an answer means."""

import base64
import io
import json
from datetime import UTC, datetime

import pytest
import requests
from anymail.exceptions import AnymailRecipientsRefused, AnymailRequestsAPIError, AnymailUnsupportedFeature
from anymail.message import AnymailMessage
from anymail.signals import tracking
from django.conf import settings
from requests.adapters import BaseAdapter

from anymail_estafette.backend import EmailBackend
from anymail_estafette.tracking import poll
from estafette.web.api.letters import EmailBody

URL = "http://relay.test"
if not settings.configured:
    settings.configure(USE_TZ=True)


def told(*recipients, **fields):
    placed = [
        {"id": f"M.{number}", "recipient": each, "status": "accepted"} for number, each in enumerate(recipients, 1)
    ]
    return {"id": "M", "status": "queued", "recipients": placed, **fields}


def refused(recipient, code):
    return {"recipient": recipient, "status": "refused", "problem": {"code": code}}


class Service(BaseAdapter):
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self, answer, status=202):
        super().__init__()
        self.answer, self.status, self.asked = answer, status, []

    def send(self, request, **_how):
        self.asked.append(request)
        response = requests.Response()
        response.status_code, response.request, response.url = self.status, request, request.url
        response.raw = io.BytesIO(json.dumps(self.answer).encode())
        return response

    def close(self):
        pass


def send(message, answer=None, status=202):
    """Send a message; return the request, its letters as the service reads them, and the status of each recipient."""
    service = Service(answer or told("jane@example.test"), status)
    backend = EmailBackend(api_key="est_key", api_url=URL)
    backend.open()
    backend.session.mount(URL, service)
    backend.send_messages([message])
    (request,) = service.asked
    body = json.loads(request.body)
    letters = [EmailBody.model_validate(each) for each in body.get("emails", [body])]
    return request, letters, {name: each.status for name, each in message.anymail_status.recipients.items()}


def message(**fields):
    given = {
        "subject": "Bill",
        "body": "text",
        "from_email": "Shop <shop@customer.test>",
        "to": ["Jané <jane@example.test>"],
    }
    return AnymailMessage(**given | fields)


def test_everything_that_django_and_anymail_know():
    mail = message(
        cc=["c@example.test"], bcc=["b@example.test"], reply_to=["help@customer.test"], headers={"X-Order": 7}, tags=["receipt"],
        metadata={"order": 7, "vip": True}, send_at=datetime(2027, 1, 31, tzinfo=UTC), track_opens=False, track_clicks=True,
        esp_extra={"stream": "bulk", "campaign": "spring", "idempotency_key": "order-7"},
    )  # fmt: skip
    mail.attach_alternative("<p>html</p>", "text/html")
    mail.attach("bill.pdf", b"%PDF", "application/pdf")
    cid = mail.attach_inline_image(b"\x89PNG\r\n\x1a\n", subtype="png")
    answer = told("jane@example.test", "c@example.test", "b@example.test")
    request, (letter,), status = send(mail, answer)
    assert (request.method, request.url) == ("POST", f"{URL}/v1/emails")
    assert (request.headers["Authorization"], request.headers["Idempotency-Key"]) == ("Bearer est_key", "order-7")
    assert (letter.from_.email, letter.from_.name, letter.to[0].name) == ("shop@customer.test", "Shop", "Jané")
    assert [each[0].email for each in (letter.cc, letter.bcc, letter.reply_to)] == [
        "c@example.test", "b@example.test", "help@customer.test",
    ]  # fmt: skip
    assert (letter.text, letter.html, letter.headers, letter.tags) == (
        "text",
        "<p>html</p>",
        {"X-Order": "7"},
        ["receipt"],
    )
    assert letter.metadata == {"order": "7", "vip": "true"}
    assert (letter.scheduled_at, letter.track_opens, letter.track_clicks) == (
        datetime(2027, 1, 31, tzinfo=UTC),
        False,
        True,
    )
    assert (letter.stream, letter.campaign) == ("bulk", "spring")
    file, picture = letter.attachments
    assert (file.filename, file.content, file.content_type) == ("bill.pdf", b"%PDF", "application/pdf")
    assert (picture.filename, picture.cid, picture.content_type) == ("attachment.png", cid, "image/png")
    assert status == dict.fromkeys(["jane@example.test", "c@example.test", "b@example.test"], "queued")
    assert mail.anymail_status.recipients["c@example.test"].message_id == "M.2"


def test_a_template_with_values_is_one_letter_with_a_copy_for_each():
    mail = message(subject="", body="", to=["jane@example.test", "joe@example.test"], template_id="order")
    mail.merge_data, mail.merge_global_data = {"joe@example.test": {"name": "Joe"}}, {"shop": "Acme"}
    _, (letter,), _ = send(mail)
    assert (letter.template, letter.data, letter.to) == ("order", {"shop": "Acme"}, [])
    assert [(each.to.email, each.data) for each in letter.recipients] == [
        ("jane@example.test", {}), ("joe@example.test", {"name": "Joe"}),
    ]  # fmt: skip
    assert not {"subject", "text"} & letter.model_fields_set


def test_copies_that_differ_in_more_are_a_batch():
    mail = message(to=["jane@example.test", "joe@example.test"], cc=["c@example.test"], metadata={"a": "1"})
    mail.merge_metadata = {"joe@example.test": {"order": 8}}
    mail.merge_headers = {"jane@example.test": {"List-Unsubscribe": "<https://x.test/1>"}}
    mail.merge_data = {"joe@example.test": {"name": "Joe"}}
    items = [
        {"index": 0, **told("jane@example.test", "c@example.test")},
        {"index": 1, "status": "refused", "recipients": [], "problem": {"code": "missing_value"}},
    ]
    request, (jane, joe), status = send(mail, {"items": items})
    assert request.url == f"{URL}/v1/emails/batch"
    assert ([each.to[0].email for each in (jane, joe)], joe.cc[0].email) == (
        ["jane@example.test", "joe@example.test"], "c@example.test",
    )  # fmt: skip
    assert (jane.metadata, joe.metadata, joe.data) == ({"a": "1"}, {"a": "1", "order": "8"}, {"name": "Joe"})
    assert (jane.headers, joe.headers) == ({"List-Unsubscribe": "<https://x.test/1>"}, {})
    assert status == {"jane@example.test": "queued", "c@example.test": "queued", "joe@example.test": "failed"}


def test_recipients_that_are_refused_alone():
    mail = message(to=["jane@example.test", "Joe@example.test"], cc=["no@example"])
    answer = told("jane@example.test")
    answer["recipients"] += [refused("joe@example.test", "suppressed"), refused("no@example", "invalid_address")]
    _, _, status = send(mail, answer)
    assert status == {"jane@example.test": "queued", "Joe@example.test": "rejected", "no@example": "invalid"}


@pytest.mark.parametrize(
    ("code", "status", "field"), [("suppressed", 403, "to.0"), ("invalid_address", 422, "emails.0.to.0")]
)
def test_no_recipient_is_left(code, status, field):
    mail = message()
    with pytest.raises(AnymailRecipientsRefused):
        send(mail, {"status": status, "code": code, "detail": "x", "field": field}, status)
    assert mail.anymail_status.status <= {"rejected", "invalid"}


@pytest.mark.parametrize(
    ("code", "status", "field"), [("invalid_address", 422, "from"), ("sender_not_allowed", 403, ""), ("quota", 429, "")]
)
def test_a_request_that_is_refused(code, status, field):
    with pytest.raises(AnymailRequestsAPIError, match=code):
        send(message(), {"status": status, "code": code, "detail": "x", "field": field}, status)


@pytest.mark.parametrize("answer", [{"status": "queued"}, [], {"items": []}])
def test_what_answers_is_another_service(answer):
    with pytest.raises(AnymailRequestsAPIError, match="Invalid Estafette"):
        send(message(), answer or [1])


def test_what_has_no_meaning_here_is_refused_by_name():
    with pytest.raises(AnymailUnsupportedFeature, match="envelope_sender"):
        send(message(envelope_sender="bounces@customer.test"))


def test_files_without_a_name_get_one():
    mail = message()
    mail.attach(None, base64.b64decode("AAAA"), "image/gif")
    _, (letter,), _ = send(mail)
    assert letter.attachments[0].filename == "attachment.gif"


def test_what_happened_is_told_by_the_signal(monkeypatch):
    heard = []

    def receiver(event, esp_name, **_more):
        heard.append((esp_name, event))

    event = {
        "cursor": "7", "id": "E1", "at": "2026-11-23T10:00:00.000000Z", "kind": "bounced", "message": "M.1",
        "recipient": "jane@example.test", "reason": "", "tags": ["receipt"], "metadata": {"order": "7"},
        "reply": {"code": 550, "enhanced": "5.1.1", "text": "no such user"},
    }  # fmt: skip
    service = Service({"items": [event, {**event, "cursor": "9", "kind": "unheard", "reply": None}], "next": None}, 200)
    monkeypatch.setattr(settings, "ANYMAIL", {"ESTAFETTE_API_URL": URL, "ESTAFETTE_API_KEY": "est_key"}, raising=False)
    tracking.connect(receiver)
    try:
        with requests.Session() as session:
            session.mount(URL, service)
            assert poll("3", session=session) == "9"
    finally:
        tracking.disconnect(receiver)
    assert service.asked[0].url == f"{URL}/v1/events?after=3&limit=1000"
    (name, first), (_, second) = heard
    assert (name, first.event_type, first.message_id, first.recipient) == (
        "Estafette",
        "bounced",
        "M.1",
        "jane@example.test",
    )
    assert (first.mta_response, first.tags, second.event_type) == ("550 5.1.1 no such user", ["receipt"], "unknown")
