"""The address of a route: called with the mail that it took, signed, repeated, and never switched off."""

from __future__ import annotations

import json

import msgspec
import pytest
from aiohttp import web
from tests.unit.mail.test_incoming import letter
from tests.unit.webhooks.receiver import verified

from estafette.base import ids
from estafette.mail.incoming import incoming
from estafette.model.event import Event
from estafette.model.route import Route
from estafette.store.interface.records import AuditEntry
from estafette.tenancy import domains
from estafette.web import inbound_call, inbound_mail
from estafette.webhooks import keys
from estafette.webhooks.form import Origin
from estafette.webhooks.keys import Key, Keys
from estafette.webhooks.signature import new_secret

ENTRY = AuditEntry(at=1.0, actor="test", action="test")
FORMS = {"mail": inbound_call.FORM}


def told(message: bytes) -> Origin:
    shown = inbound_mail.told(incoming(message), "https://api.test/v1/inbound/X", "mx.test")
    return Origin(mail={"mail": shown, "raw": "https://api.test/v1/inbound/X/raw", "sender": "zoe@example.com"})


@pytest.fixture
def route(yard):
    """Return what makes a route to the receiver, and its secret."""
    domains.add(yard.office, "acme", "acme.example")

    def made(name="r", **more):
        secret = new_secret()
        sealed = keys.seal(yard.keyring, name, Keys((Key(secret),)))
        given = {"pattern": name, "way": "webhook", "target": yard.receiver.url, "sealed": sealed} | more
        yard.control.routes.add_route(Route(id=name, tenant=yard.tenant, domain="acme.example", **given), ENTRY)
        return secret

    return made


async def came(yard, route="r", reason="webhook", **more):
    (event,) = await yard.happened(
        "inbound", stream="", recipient="hello@acme.example", route=route, reason=reason, size=7, **more
    )
    return event


async def test_mail_is_told_signed_with_the_secret_of_its_route(yard, route):
    secret = route()
    route("other", target=f"{yard.receiver.url}/other")
    dispatcher = yard.dispatcher(forms=FORMS)
    await dispatcher.turn()
    event = await came(yard)
    yard.origins = {event.message: told(bytes(letter()))}
    await yard.work(dispatcher, lambda: yard.receiver.calls)
    (call,) = yard.receiver.calls
    body = verified(call, secret)
    assert (call.path, call.id, body["type"]) == ("/hook", f"evt_{ids.show(event.id)}", "inbound")
    data = body["data"]
    assert (data["recipient"], data["route"], data["sender"]) == ("hello@acme.example", "r", "zoe@example.com")
    assert data["mail"]["text"] == "Bonjour à tous\n"
    assert data["mail"]["attachments"][0]["url"] == "https://api.test/v1/inbound/X/attachments/1"
    assert data["raw"] == "https://api.test/v1/inbound/X/raw"


async def test_only_what_its_route_took_for_it_is_told(yard, route):
    route()
    dispatcher = yard.dispatcher(forms=FORMS)
    await dispatcher.turn()
    await came(yard, route="else")
    await came(yard, reason="keep")
    await yard.happened("delivered", route="r", reason="webhook")
    last = await came(yard)
    await yard.work(dispatcher, lambda: yard.receiver.calls)
    assert yard.receiver.ids() == [f"evt_{ids.show(last.id)}"]


async def test_a_call_that_fails_is_made_again_also_after_a_crash_and_days_of_failures(yard, route):
    secret = route()
    yard.receiver.answer = lambda _call: web.Response(status=410)
    dispatcher = yard.dispatcher(forms=FORMS, rules={"disable_after": 1.0})
    await dispatcher.turn()
    event = await came(yard)
    await yard.work(dispatcher, yard.control.webhooks.backlogs)
    yard.forget(dispatcher)
    yard.receiver.answer = lambda _call: web.Response()
    yard.clock.ahead = 86_400.0
    again = yard.dispatcher(forms=FORMS)
    await yard.work(again, lambda: len(yard.receiver.calls) == 2)
    assert {call.id for call in yard.receiver.calls} == {f"evt_{ids.show(event.id)}"}
    assert verified(yard.receiver.calls[0], secret)
    await yard.work(again, lambda: not yard.control.webhooks.backlogs())
    logged = yard.control.webhooks.call("r", f"evt_{ids.show(event.id)}")
    assert (logged.state, logged.tried, logged.body) == ("done", 2, b"")


async def test_a_route_that_is_changed_or_removed_is_called_so_from_then_on(yard, route):
    route()
    dispatcher = yard.dispatcher(forms=FORMS)
    await dispatcher.turn()
    seen = yard.control.routes.find(yard.tenant, "r")
    yard.control.routes.put_route(msgspec.structs.replace(seen, target=f"{yard.receiver.url}/new"), ENTRY)
    await dispatcher.turn()
    await came(yard)
    await yard.work(dispatcher, lambda: yard.receiver.calls)
    assert [call.path for call in yard.receiver.calls] == ["/hook/new"]
    yard.control.routes.remove_route(yard.control.routes.find(yard.tenant, "r"), ENTRY)
    await dispatcher.turn()
    assert dispatcher._stock.outlets == {}


async def test_an_ordinary_webhook_hears_of_it_unmasked_and_without_the_mail(yard):
    hook = yard.webhook(events=["inbound", "replied"])
    dispatcher = yard.dispatcher()
    await dispatcher.turn()
    await came(yard)
    await yard.happened("replied", route="r")
    await yard.work(dispatcher, lambda: len(yard.receiver.calls) == 2)
    first, second = sorted(
        (verified(call, hook["secret"]) for call in yard.receiver.calls), key=lambda each: each["type"]
    )
    assert (first["type"], first["data"]["recipient"], first["data"]["route"]) == ("inbound", "hello@acme.example", "r")
    assert "mail" not in first["data"]
    assert second["type"] == "replied"


def body(message, **more):
    event = Event(id=1, at=1.0, kind="inbound", tenant="t", stream="", message=2, number=1, route="r", **more)
    return json.loads(inbound_call.write(event, told(message))), len(inbound_call.write(event, told(message)))


def test_a_body_is_bounded_and_says_that_it_is():
    page = b"Content-Type: text/html\r\n\r\n" + b"<p>\xe2\x82\xac</p>" * 100_000
    told_page, size = body(page)
    assert (told_page["data"]["mail"]["html"], told_page["data"]["mail"]["truncated"]) == ("", True)
    long, size = body(b"Subject: x\r\n\r\n" + b"y" * 500_000)
    assert size < inbound_call.LARGEST
    assert len(long["data"]["mail"]["text"]) == 10_000
    files = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\nContent-Type: a/b\r\n\r\n\r\n" * 900
    many, size = body(files)
    assert size < inbound_call.LARGEST
    assert (len(many["data"]["mail"]["attachments"]), many["data"]["mail"]["truncated"]) == (50, True)


def test_mail_that_is_kept_no_longer_is_told_without_it():
    event = Event(id=1, at=1.0, kind="inbound", tenant="t", stream="", message=2, number=1, route="r")
    data = json.loads(inbound_call.write(event, Origin()))["data"]
    assert (data["mail"], data["raw"], data["message"]) == (None, None, f"{ids.show(2)}.1")
