"""The pages about webhooks: bodies are those that are sent, the receiver on the page receives."""

import json
import re
import time
from pathlib import Path

import msgspec
import pytest
from standardwebhooks import WebhookVerificationError
from tests.contract.kit import submission

from estafette.mail.incoming import incoming
from estafette.model.event import Event, Reply
from estafette.model.tracking import Hit
from estafette.relay.inbox import Kept
from estafette.web import inbound_mail
from estafette.web.dialects.forms import FORMS
from estafette.webhooks import signature
from estafette.webhooks.form import Origin

DOCS = Path(__file__).parents[2] / "docs"
MAIL = (
    b"Authentication-Results: mx1.example.net; spf=pass smtp.mailfrom=example.net;\r\n dkim=pass\r\n",
    b"From: Ann <ann@example.net>\r\nTo: order-77@acme.example\r\nSubject: Re: Order 77\r\n",
    b"Date: Fri, 15 Jan 2027 08:00:00 +0000\r\nMessage-ID: <1@example.net>\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHere it is.\r\n--b\r\n",
    b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=order.pdf\r\n\r\n%PDF\r\n--b--\r\n",
)
ORIGIN = Origin(subject="Your order", domain="shop.example")


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


def event(kind, **fields):
    return Event(
        id=(1 << 60) + 7, at=1_800_000_000.25, kind=kind, tenant="acme", stream="bulk", message=1 << 59, number=1,
        recipient="ann@example.net", credential="shop", campaign="spring", tags=("news",), metadata={"order": "7"},
        template="order@3", attempt=1, site="example.net", **fields,
    )  # fmt: skip


def came():
    return Event(
        id=(1 << 60) + 7, at=1_800_000_000.25, kind="inbound", tenant="acme", stream="", message=1 << 59, number=1,
        recipient="order-77@acme.example", source="192.0.2.9", size=1410, reason="webhook", route="3F2B7K4M9QXYZ",
    )  # fmt: skip


def mail_of(message):
    kept = submission(id=1 << 59, kind="inbound", tenant="acme", stream="").content
    kept = msgspec.structs.replace(kept, sender="ann@example.net", came_to=("order-77@acme.example",))
    place = {"api_url": "https://api.example", "hostname": "mx1.example.net"}
    return Origin(mail=inbound_mail.shown(Kept(kept.id, (), kept), incoming(message), **place))


def test_the_reference_shows_what_is_sent():
    bounced = event("bounced", reply=Reply(550, "5.1.1", "no such user"))
    hit = Hit("scanner", ("burst",), 1, "individual", 2, "https://shop.example/")
    sent = [
        ("standard", event("delivered", reply=Reply(250, "2.0.0", "queued as 4XYZ"))),
        ("standard", event("clicked", hit=hit)),
        ("mailjet", bounced),
        ("brevo", bounced),
        ("turbosmtp", bounced),
    ]
    bodies = [json.loads(FORMS[form].joined([FORMS[form].write(each, ORIGIN)])) for form, each in sent]
    bodies.append(json.loads(FORMS["mail"].write(came(), mail_of(b"".join(MAIL)))))
    assert [json.loads(block) for block in blocks("reference/webhooks.md", "json")] == bodies


@pytest.mark.parametrize("page", ["how-to/webhooks.md", "how-to/webhooks.fr.md"])
def test_the_receiver_on_the_page_takes_a_call_once_and_no_forged_one(page):
    (code,) = blocks(page, "python")
    room = {}
    exec(compile(code, page, "exec"), room)  # noqa: S102
    secret = signature.new_secret()
    body = FORMS["standard"].write(event("delivered"), ORIGIN)
    headers = signature.headers("evt_1", int(time.time()), body, [secret])
    assert room["receive"](secret, headers, body) == ("delivered", "ann@example.net")
    assert room["receive"](secret, headers, body) is None
    with pytest.raises(WebhookVerificationError):
        room["receive"](signature.new_secret(), headers, body)


def test_both_languages_show_the_same_lines():
    for language in ("sh", "python"):
        assert blocks("how-to/webhooks.md", language) == blocks("how-to/webhooks.fr.md", language)
