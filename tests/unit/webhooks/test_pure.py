"""Signatures, schedules, verdicts: no socket, no clock."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as Standard

from estafette.model.event import Event, Reply
from estafette.model.tracking import AGENTS, Hit
from estafette.model.webhook import Call, Try
from estafette.webhooks import keys, masking, schedule, signature, standard
from estafette.webhooks.caller import Outcome
from estafette.webhooks.form import LARGEST, Origin
from estafette.webhooks.rules import REMEMBERED, Rules
from estafette.webhooks.verdict import explained, verdict

WAITS = [5.0, 300.0, 1800.0]
NOW = 1_800_000_000.0


@given(body=st.text(max_size=200))
def test_the_standards_own_library_makes_the_same_signatures(body):
    new, old = signature.new_secret(), signature.new_secret()
    sent = signature.headers("evt_1", int(NOW), body.encode(), [new, old])
    theirs = [Standard(secret).sign("evt_1", datetime.fromtimestamp(NOW, UTC), body) for secret in (new, old)]
    assert sent["webhook-signature"].split() == theirs


def test_a_secret_is_as_long_as_the_standard_wants():
    raw = base64.b64decode(signature.new_secret().removeprefix("whsec_"))
    assert 24 <= len(raw) <= 64


@given(tried=st.integers(1, 3), chance=st.floats(0, 1, exclude_max=True), wish=st.floats(0, 1e9))
def test_a_wait_keeps_to_the_schedule_and_hears_the_wish_within_a_day(tried, chance, wish):
    seconds = schedule.wait(WAITS, tried, wish, chance)
    assert seconds >= WAITS[tried - 1] * 0.8
    assert seconds <= max(WAITS[tried - 1] * 1.2, min(wish, 86_400))


def test_after_the_schedule_there_is_no_attempt():
    assert schedule.wait(WAITS, 4, 9.0, 0.5) is None


@pytest.mark.parametrize(
    ("field", "seconds"),
    [("120", 120), (" 7 ", 7), ("", 0), ("soon", 0), ("-5", 0), ("1e3", 0), ("9" * 60, 86_400), ("٣", 0)],
)
def test_a_retry_after_in_seconds(field, seconds):
    assert schedule.wished(field, NOW) == seconds


def test_a_retry_after_as_a_date():
    at = datetime.fromtimestamp(NOW, UTC)
    form = "%a, %d %b %Y %H:%M:%S GMT"
    assert schedule.wished((at + timedelta(seconds=90)).strftime(form), NOW) == 90
    assert schedule.wished((at - timedelta(days=9)).strftime(form), NOW) == 0
    assert schedule.wished((at + timedelta(days=9)).strftime(form), NOW) == 86_400


@given(st.text(max_size=64))
def test_any_retry_after_is_some_seconds(field):
    assert 0 <= schedule.wished(field, NOW) <= 86_400


def test_every_status_has_its_verdict_and_its_words():
    assert {status: verdict(status) for status in (200, 204, 301, 404, 410, 429, 500)} == {
        200: "done", 204: "done", 301: "again", 404: "again", 410: "gone", 429: "again", 500: "again",
    }  # fmt: skip
    assert [status for status in range(100, 600) if not explained(status)] == list(range(200, 300))


def test_a_call_remembers_its_last_attempts_and_ends():
    rules = Rules(waits=[10.0] * 20, disable_after=1.0, keep=1.0)
    call = Call(webhook="w", id="c", place=1, message=1, kind="queued", body=b"")
    for number in range(21):
        call = rules.judged(call, Outcome(Try(float(number), 500), "again"), NOW, 0.5)
    assert (call.state, call.tried, len(call.tries), call.attempts[-1].at, call.due) == (
        "failed",
        21,
        REMEMBERED,
        20.0,
        None,
    )
    done = rules.judged(call, Outcome(Try(1.0, 200), "done"), NOW, 0.5)
    assert (done.state, done.ended) == ("done", NOW)


@pytest.mark.parametrize(
    ("url", "rest", "field"),
    [
        ("https://h.example/a?b", "https://h.example/a?b", ""),
        ("https://u:p@h.example:8443/a", "https://h.example:8443/a", base64.b64encode(b"u:p").decode()),
        ("https://u%40x:p%2F@h.example/", "https://h.example/", base64.b64encode(b"u@x:p/").decode()),
    ],
)
def test_user_and_password_stand_apart(url, rest, field):
    assert keys.apart(url) == (rest, f"Basic {field}" if field else "")


def event(**fields):
    return Event(
        **{
            "id": 1 << 60,
            "at": NOW,
            "kind": "clicked",
            "tenant": "t",
            "stream": "bulk",
            "message": 1 << 59,
            "number": 2,
            **fields,
        }
    )


@pytest.mark.parametrize("agent", AGENTS)
def test_a_hit_says_whether_a_machine_acted(agent):
    body = json.loads(standard.write(event(hit=Hit(agent, ("burst",), url="https://shop.example/")), Origin()))
    assert (body["type"], body["timestamp"]) == ("clicked", "2027-01-15T08:00:00.000000Z")
    assert body["data"]["bot"] == (None if agent in {"human", "image_proxy"} else agent)
    assert body["data"]["hit"]["agent"] == agent


def test_what_stands_for_many_names_no_message():
    assert json.loads(standard.write(event(message=0, number=0, count=9), Origin()))["data"]["message"] is None


@given(size=st.integers(0, 60_000))
def test_a_body_is_never_too_large(size):
    made = event(metadata={"x": "é" * (size // 2)}, tags=("t" * 64,) * 10, reply=Reply(250, "2.0.0", "y" * 512))
    body = standard.write(made, Origin())
    assert len(body) <= LARGEST
    assert ("truncated" in json.loads(body)["data"]) == (json.loads(body)["data"]["metadata"] is None)


def test_personal_mail_is_masked_and_says_so():
    made = event(
        recipient="ann@example.net",
        campaign="c",
        site="mx",
        reply=Reply(550, "5.1.1", "no ann here"),
        metadata={"a": "b"},
        tags=("t",),
    )
    body = standard.write(masking.masked(made), Origin(private=True)).decode()
    assert "ann" not in body
    assert json.loads(body)["data"]["reply"] == {"code": 550, "enhanced": "5.1.1", "text": ""}
