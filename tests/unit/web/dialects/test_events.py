"""Bodies of webhooks in foreign forms, read by the views that sites which know those services have."""

import json

import anymail.webhooks.brevo
import anymail.webhooks.mailjet
import pytest
from django.conf import settings
from django.test import RequestFactory, override_settings

from estafette.base import ids
from estafette.model.event import Event, Reply
from estafette.model.tracking import Hit
from estafette.web.dialects.brevo import identifiers
from estafette.web.dialects.forms import FORMS
from estafette.webhooks import keys
from estafette.webhooks.form import Origin

MESSAGE = 1 << 59
ORIGIN = Origin(subject="Your order", domain="shop.example")
HIT = Hit("human", url="https://shop.example/", first=True)


@pytest.fixture(autouse=True)
def _site():
    if not settings.configured:
        settings.configure(USE_TZ=True)
    with override_settings(ANYMAIL={"WEBHOOK_SECRET": "ann:secret"}):
        yield


def event(kind, **fields):
    given = {"stream": "bulk", "recipient": "ann@example.net", "number": 1, "message": MESSAGE, **fields}
    return Event(id=(1 << 60) + 7, at=1_800_000_000.25, kind=kind, tenant="t", **given)


def written(form, made, origin=ORIGIN):
    body = FORMS[form].write(made, origin)
    return None if body is None else json.loads(body)


def read_by(view, body):
    _, authorization = keys.apart("https://ann:secret@site.example/anymail/")
    request = RequestFactory().post(
        "/", body, content_type="application/json", headers={"Authorization": authorization}
    )
    made = view()
    made.run_validators(request)
    return made.parse_events(request)


def of_mailjet(*events):
    form = FORMS["mailjet"]
    body = form.joined([form.write(each, ORIGIN) for each in events])
    return read_by(anymail.webhooks.mailjet.MailjetTrackingWebhookView, body)


def of_brevo(made):
    (found,) = read_by(anymail.webhooks.brevo.BrevoTrackingWebhookView, FORMS["brevo"].write(made, ORIGIN))
    return found


BOUNCE = Reply(550, "5.1.1", "no such user")


@pytest.mark.parametrize(
    ("kind", "fields", "kinds"),
    [
        ("delivered", {"reply": Reply(250, "2.0.0", "ok")}, ("delivered", "delivered")),
        ("sent", {}, ("delivered", "delivered")),
        ("deferred", {"reply": Reply(451, "4.7.1", "later"), "attempt": 2}, ("deferred", "deferred")),
        ("bounced", {"reply": BOUNCE}, ("bounced", "bounced")),
        ("failed", {"reason": "expired"}, ("bounced", "bounced")),
        ("rejected", {"reason": "suppressed"}, ("rejected", "rejected")),
        ("opened", {"hit": HIT}, ("opened", "opened")),
        ("clicked", {"hit": HIT}, ("clicked", "clicked")),
        ("complained", {"source": "jmrp"}, ("complained", "complained")),
    ],
)
def test_anymail_understands_what_happened(kind, fields, kinds):
    made = event(kind, campaign="spring", metadata={"order": "7"}, tags=("a", "b"), **fields)
    (mailjet,) = of_mailjet(made)
    brevo = of_brevo(made)
    assert (mailjet.event_type, brevo.event_type) == kinds
    for found in (mailjet, brevo):
        assert found.recipient == "ann@example.net"
        assert found.metadata == {"order": "7"}
        assert int(found.timestamp.timestamp()) == 1_800_000_000
    assert mailjet.message_id == str(MESSAGE)
    assert mailjet.tags == ["spring"]
    assert brevo.message_id == identifiers.shown(MESSAGE, "shop.example")
    assert brevo.tags == ["a", "b"]


def test_anymail_reads_links_replies_and_reasons():
    assert (
        of_mailjet(event("clicked", hit=HIT))[0].click_url == of_brevo(event("clicked", hit=HIT)).click_url == HIT.url
    )
    assert "250 2.0.0 ok" in of_mailjet(event("delivered", reply=Reply(250, "2.0.0", "ok")))[0].mta_response
    assert of_mailjet(event("bounced", reply=BOUNCE))[0].reject_reason == "bounced"
    assert of_brevo(event("bounced", reply=BOUNCE)).mta_response == "550 5.1.1 no such user"


def test_anymail_reads_a_group():
    found = of_mailjet(event("delivered"), event("opened", hit=HIT), event("unsubscribed"))
    assert [each.event_type for each in found] == ["delivered", "opened", "unsubscribed"]


def test_brevos_word_for_leaving_is_the_published_one():
    # django-anymail 15.2 knows `unsubscribe`; Brevo's page, and all others who read it, have `unsubscribed`.
    assert written("brevo", event("unsubscribed"))["event"] == "unsubscribed"


@pytest.mark.parametrize(
    ("hit", "mailjet", "brevo"),
    [
        (Hit("human", first=True), "open", "unique_opened"),
        (Hit("human"), "open", "opened"),
        (Hit("unknown"), "open", "opened"),
        (Hit("image_proxy", first=True), "open", "unique_proxy_open"),
        (Hit("proxy_prefetch"), None, "proxy_open"),
        (Hit("scanner"), None, None),
        (Hit("human", was="scanner"), "open", "opened"),
        (Hit("scanner", was="human"), None, None),
        (Hit("human", was="unknown"), None, None),
    ],
)
def test_machines_are_not_told_as_people(hit, mailjet, brevo):
    told = written("mailjet", event("opened", hit=hit)), written("brevo", event("opened", hit=hit))
    assert tuple(each and each["event"] for each in told) == (mailjet, brevo)
    assert (written("turbosmtp", event("opened", hit=hit)) is None) == (mailjet is None)


@pytest.mark.parametrize("form", ["mailjet", "brevo", "turbosmtp"])
def test_what_they_have_no_word_for_is_not_told(form):
    assert written(form, event("duplicate_delivery")) is None
    assert (
        written(form, event("opened", message=0, number=0, recipient="", count=3, hit=Hit("human", mode="aggregate")))
        is None
    )


def test_senders_own_labels_come_back_under_the_names_that_they_had():
    assert written("mailjet", event("delivered", metadata={"CustomID": "c", "EventPayload": "p"}))["CustomID"] == "c"
    assert written("mailjet", event("delivered", metadata={"CustomID": "c", "EventPayload": "p"}))["Payload"] == "p"
    assert written("brevo", event("delivered", metadata={"X-Mailin-custom": "x"}))["X-Mailin-custom"] == "x"
    assert written("turbosmtp", event("delivered", metadata={"reference_id": "r"}))["reference_id"] == "r"


def test_a_recipient_with_a_message_of_its_own_has_its_own_id():
    told = written("brevo", event("delivered"), Origin(domain="shop.example", apart=True))
    assert told["message-id"] == f"<{ids.show(MESSAGE).lower()}.1@shop.example>"


@pytest.mark.parametrize(
    ("kind", "fields", "status", "more"),
    [
        ("queued", {}, "PROCESSED", {}),
        ("delivered", {}, "DELIVERED", {}),
        (
            "deferred",
            {"reply": Reply(451, "4.7.1", "later"), "attempt": 2},
            "DEFERRED",
            {"reason": "451 later", "attempt": 2},
        ),
        (
            "bounced",
            {"reply": BOUNCE},
            "BOUNCED",
            {"reason": {"0": "550 no such user", "response": "550 no such user"}},
        ),
        ("rejected", {"reason": "suppressed"}, "DROPPED", {"reason": {"0": "suppressed", "response": "suppressed"}}),
        ("opened", {"hit": HIT}, "OPENED", {"useragent": "", "ip": ""}),
        ("clicked", {"hit": HIT}, "CLICKED", {"useragent": "", "ip": "", "url": "https://shop.example/"}),
        ("unsubscribed", {}, "UNSUBSCRIBED", {}),
        ("complained", {}, "REPORT", {}),
    ],
)
def test_turbosmtps_page_is_followed(kind, fields, status, more):
    assert written("turbosmtp", event(kind, **fields)) == {
        "id": str((1 << 60) + 7), "mid": str(MESSAGE), "status": status, "email": "ann@example.net",
        "subject": "Your order", "timestamp": 1_800_000_000, **more,
    }  # fmt: skip
