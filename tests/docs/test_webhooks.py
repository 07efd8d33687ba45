"""The pages about webhooks: bodies are those that are sent, the receiver on the page receives."""

import json
import re
import time
from pathlib import Path

import pytest
from standardwebhooks import WebhookVerificationError

from estafette.model.event import Event, Reply
from estafette.model.tracking import Hit
from estafette.web.dialects.forms import FORMS
from estafette.webhooks import signature
from estafette.webhooks.form import Origin

DOCS = Path(__file__).parents[2] / "docs"
ORIGIN = Origin(subject="Your order", domain="shop.example")


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


def event(kind, **fields):
    return Event(
        id=(1 << 60) + 7, at=1_800_000_000.25, kind=kind, tenant="acme", stream="bulk", message=1 << 59, number=1,
        recipient="ann@example.net", credential="shop", campaign="spring", tags=("news",), metadata={"order": "7"},
        template="order@3", attempt=1, site="example.net", **fields,
    )  # fmt: skip


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
