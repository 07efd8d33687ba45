"""When a call is made again, and what a caller is told when it is not; both clients, a service that follows a script."""

import json

import httpx
import pytest

from estafette.sdk import Message, NoAnswer, Retries, TooMany, Unavailable, Unreadable
from estafette.sdk.attempts import Attempts
from estafette.sdk.emails import send

MESSAGE = Message(from_="ann@acme.example", to="bob@y.example", text="hi")
TAKEN = {"id": "0SAKJZJ2G0200", "status": "queued", "recipients": []}


def taken():
    return httpx.Response(202, json=TAKEN)


def no(status, code="store_unavailable", **headers):
    told = {"type": "about:blank", "title": "x", "status": status, "code": code, "detail": "why", "fix": "wait"}
    return httpx.Response(status, json=told, headers={name.replace("_", "-"): text for name, text in headers.items()})


@pytest.mark.parametrize(
    "first",
    [
        no(503), no(429, "quota", retry_after="0"), httpx.Response(502, text="<html>"), httpx.Response(504),
        no(409, "idempotency_in_progress"), httpx.ReadTimeout, httpx.ConnectError, httpx.RemoteProtocolError,
    ],
)  # fmt: skip
async def test_a_message_that_may_have_been_taken_is_asked_for_again_under_its_key(scripted, first):
    service = scripted(first, taken())
    assert (await service.ask("emails.send", MESSAGE)).id == TAKEN["id"]
    one, two = service.asked
    assert one.headers["Idempotency-Key"] == two.headers["Idempotency-Key"]
    assert len(one.headers["Idempotency-Key"]) == 32
    assert one.content == two.content


async def test_each_call_has_a_key_of_its_own_unless_it_is_given_one(scripted):
    service = scripted(taken(), taken(), taken())
    for how in ({}, {}, {"idempotency_key": "order-7"}):
        await service.ask("emails.send", MESSAGE, **how)
    keys = [request.headers["Idempotency-Key"] for request in service.asked]
    assert len(set(keys)) == 3
    assert keys[2] == "order-7"


async def test_tries_come_to_an_end(scripted):
    service = scripted(*(no(503, retry_after="0") for _ in range(3)), retries=Retries(tries=3, first=0, longest=0))
    with pytest.raises(Unavailable) as caught:
        await service.ask("emails.send", MESSAGE)
    assert (caught.value.code, caught.value.fix, len(service.asked)) == ("store_unavailable", "wait", 3)


async def test_a_service_that_wants_more_patience_than_there_is_says_how_long(scripted):
    service = scripted(no(429, "quota", retry_after="3600"))
    with pytest.raises(TooMany) as caught:
        await service.ask("emails.send", MESSAGE)
    assert (caught.value.retry_after, caught.value.rule) == (3600.0, "quota")


@pytest.mark.parametrize(("lost", "error"), [(httpx.ReadTimeout, NoAnswer), (httpx.Response(502), Unavailable)])
async def test_what_would_be_done_twice_is_not_asked_for_again(scripted, lost, error):
    service = scripted(lost)
    with pytest.raises(error):
        await service.ask("templates.create", "order", text="x")
    assert len(service.asked) == 1


@pytest.mark.parametrize("first", [no(503), httpx.ConnectError])
async def test_what_was_surely_not_done_is(scripted, first):
    content = {"number": 1, "subject": "", "text": "x", "html": ""}
    made = {"id": "T", "name": "order", "published": None, "latest": 1, "content": content}
    service = scripted(first, httpx.Response(201, json=made))
    assert (await service.ask("templates.create", "order", text="x")).number == 1


@pytest.mark.parametrize(
    "answer", [httpx.Response(200, text="<html>"), httpx.Response(202, json={}), httpx.Response(202, json=[1])]
)
async def test_another_service_is_told_from_estafette(scripted, answer):
    with pytest.raises(Unreadable, match="POST /v1/emails"):
        await scripted(answer).ask("emails.send", MESSAGE)


async def test_what_goes_over_the_wire(scripted):
    service = scripted(taken(), key="est_key")
    await service.ask("emails.send", MESSAGE)
    (request,) = service.asked
    assert (request.method, request.url.path) == ("POST", "/v1/emails")
    assert request.headers["Authorization"] == "Bearer est_key"
    assert json.loads(request.content) == {"from": "ann@acme.example", "to": "bob@y.example", "text": "hi"}


def test_pauses_grow_and_the_service_has_the_last_word():
    call = send(MESSAGE)
    attempts = Attempts(call, Retries(tries=9, first=1.0, longest=5.0))
    pauses = [attempts.pause(httpx.ReadTimeout("")) for _ in range(5)]
    for pause, most in zip(pauses, (1, 2, 4, 5, 5), strict=True):
        assert most / 2 <= pause <= most
    assert attempts.pause(no(503, retry_after="3")) == 3.0
    assert attempts.pause(no(503, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")) == 0.0
    assert attempts.pause(no(503, retry_after="6")) is None
