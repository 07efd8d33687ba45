"""What the API composes arrives at a real Postfix as it was meant, signed, and its events carry its tags."""

import base64
import email
import json
import time
import urllib.error
import urllib.request
from email import policy

from tests.servers.letters import signed_by


def ask(rig, method, path, body=None, **headers):
    request = urllib.request.Request(
        f"http://{rig.service.address}:{rig.service.http}{path}", method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {rig.credential['api_key']}", "Content-Type": "application/json", **headers},
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def letter(**fields):
    values = {"from": "Zoé <shop@customer.test>", "to": "jane@example.test", "subject": "Facture n° 7 — été"}
    return values | {"text": "Bonjour, 20 €\n", "html": '<p>Bonjour <img src="cid:logo"></p>'} | fields


def read(raw):
    return email.message_from_bytes(raw, policy=policy.default)


def test_a_whole_letter_arrives_as_meant(shared_rig):
    files = [
        {
            "filename": "relevé.txt",
            "content": base64.b64encode("déjà vu".encode()).decode(),
            "content_type": "text/plain",
        },
        {"filename": "logo.png", "content": base64.b64encode(b"\x89PNG" * 100).decode(), "cid": "logo"},
    ]
    headers = {"X-Order": "7", "References": "<1@customer.test>"}
    status, told = ask(
        shared_rig,
        "POST",
        "/v1/emails",
        letter(attachments=files, headers=headers, tags=["receipt"], reply_to="help@customer.test"),
    )
    assert (status, told["status"]) == (202, "queued")
    raw = shared_rig.arrived("jane@example.test")[0]
    assert signed_by(raw, shared_rig.dns, "customer.test")
    message = read(raw)
    assert message["Subject"] == "Facture n° 7 — été"
    assert message["From"].addresses[0].display_name == "Zoé"
    assert (message["X-Order"], message["References"], message["Reply-To"]) == (
        "7",
        "<1@customer.test>",
        "help@customer.test",
    )
    assert message.get_body(("plain",)).get_content().strip() == "Bonjour, 20 €"
    parts = {part.get_filename(): part.get_payload(decode=True) for part in message.walk() if part.get_filename()}
    assert parts == {"relevé.txt": "déjà vu".encode(), "logo.png": b"\x89PNG" * 100}
    shared_rig.ended("jane@example.test")
    story = ask(shared_rig, "GET", f"/v1/emails/{told['id']}")[1]
    assert {tuple(event["tags"]) for event in story["events"]} == {("receipt",)}


def test_each_recipient_gets_a_letter_of_its_own(shared_rig):
    people = [{"to": f"{name} <{name}@example.test>", "data": {"name": name}} for name in ("ann", "ben")]
    body = letter(recipients=people, subject="Hello {{ name }}", text="Dear {{ name }}", html="<b>{{ name }}</b>")
    del body["to"]
    status, told = ask(shared_rig, "POST", "/v1/emails", body)
    assert status == 202, told
    found = {read(raw)["To"]: raw for name in ("ann", "ben") for raw in shared_rig.arrived(f"{name}@example.test")}
    assert set(found) == {"ann <ann@example.test>", "ben <ben@example.test>"}
    for name in ("ann", "ben"):
        raw = found[f"{name} <{name}@example.test>"]
        assert signed_by(raw, shared_rig.dns, "customer.test")
        message = read(raw)
        assert message["Subject"] == f"Hello {name}"
        assert message.get_body(("html",)).get_content().strip() == f"<b>{name}</b>"
        assert message.get_body(("plain",)).get_content().strip() == f"Dear {name}"
    kept = ask(shared_rig, "GET", f"/v1/emails/{told['id']}")[1]
    assert kept["recipients"] == 2


def test_a_scheduled_letter_goes_when_its_new_time_comes(shared_rig):
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    _, told = ask(shared_rig, "POST", "/v1/emails", letter(to="late@example.test", scheduled_at=later))
    assert told["status"] == "scheduled"
    ask(shared_rig, "POST", "/v1/emails", letter(to="soon@example.test"))
    shared_rig.arrived("soon@example.test")
    assert not shared_rig.arrived("late@example.test", 0)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    assert ask(shared_rig, "PATCH", f"/v1/emails/{told['id']}", {"scheduled_at": now})[0] == 200
    shared_rig.arrived("late@example.test")


def test_a_cancelled_letter_never_leaves(shared_rig):
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    _, told = ask(shared_rig, "POST", "/v1/emails", letter(to="never@example.test", scheduled_at=later))
    assert ask(shared_rig, "POST", f"/v1/emails/{told['id']}/cancel", {})[0] == 202
    shared_rig.ended("never@example.test")
    assert [
        event["reason"]
        for event in ask(shared_rig, "GET", f"/v1/emails/{told['id']}")[1]["events"]
        if event["kind"] == "failed"
    ] == ["cancelled"]
    assert shared_rig.arrived("never@example.test", 0) == []


def test_a_key_of_idempotency_over_smtp_sends_once(shared_rig):
    from tests.servers.letters import letter as plain

    message = plain("shop@customer.test", "once@example.test")
    message["X-Estafette-Idempotency-Key"] = "smtp-order-7"
    first, second = (shared_rig.send("once@example.test", message=message) for _ in range(2))
    assert first == second
    shared_rig.ended("once@example.test")
    (arrived,) = shared_rig.arrived("once@example.test")
    assert b"idempotency" not in arrived.lower()
