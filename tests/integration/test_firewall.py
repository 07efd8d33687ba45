"""A stream whose addresses Postfix refuses is slowed at 6 %, another is stopped at 11 %, and goes on at half speed."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
from tests.servers.letters import await_login, letter
from tests.servers.postfix import PostfixSink

pytestmark = pytest.mark.mail_only

REFUSALS = (
    "check_recipient_access regexp:{{/^none/ 550 5.1.1 no such user here} {/^closed/ 550 5.2.1 this mailbox is closed}}"
)


@pytest.fixture
def sink(rig, folder):
    settings = {"smtpd_recipient_restrictions": REFUSALS}
    with PostfixSink(folder / "list", domains=("list.test",), port=rig.postfix.port, settings=settings) as made:
        rig.dns.mail_exchanger("list.test", made.address)
        yield made


def until(look, within=90.0):
    """Return what ``look`` finds as soon as it finds anything."""
    end = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.3)
    return found


def mailing(good, bad, word):
    """Return addresses; those that are refused come last, so that no share is higher on the way than at the end."""
    return [*(f"u{n}@list.test" for n in range(good)), *(f"{word}{n}@list.test" for n in range(bad))]


def paces(rig, stream):
    return [each for each in rig.service.cli("pace", "list")["items"] if each["stream"] == stream]


def test_a_refused_stream_is_slowed_and_says_so_through_a_restart(rig, sink):
    rig.send(*mailing(188, 12, "none"))
    (pace,) = until(lambda: paces(rig, "transactional"))
    assert (pace["rule"], pace["per_hour"], pace["site"]) == ("returns", 60, "")
    assert (pace["numbers"]["attempts"], pace["numbers"]["hard_bounces"]) == ("200", "12 (6.0%, max. 5.0%)")
    (entry,) = [each for each in rig.service.cli("audit", "list")["items"] if each["action"] == "pace.create"]
    assert entry["detail"] == "returns: 60 recipients an hour"
    rig.service.drained()
    assert until(lambda: rig.service.cli("ticket", "list")["items"])[0]["subject"]
    rig.service.stop()
    rig.service.start()
    rig.send(*mailing(5, 0, ""))
    waiting = until(
        lambda: [
            each["waiting"]
            for each in rig.service.cli("queue", "show")["items"]
            if each["waiting"]["rule"].startswith("slow ")
        ]
    )
    assert len(waiting) >= 3
    assert f"pace show {pace['id']}" in waiting[0]["why"]
    assert "60 recipients an hour by the rule returns" in waiting[0]["why"]
    lifted = rig.service.cli("pace", "lift", pace["id"], "--full")
    assert lifted["ended_by"]
    rig.service.drained()


def test_at_eleven_in_a_hundred_it_stops_and_begins_again_at_half_speed(rig, sink):
    rig.service.cli("stream", "create", "news", "--tenant", "customer", "--kind", "transactional")
    news = rig.service.credential(stream="news")
    await_login(rig.service, news)
    rig.send(*mailing(178, 22, "closed"), credential=news)
    (stop,) = until(lambda: rig.service.cli("suspension", "list")["items"])
    assert (stop["stream"], stop["rule"], stop["numbers"]["hard_bounces"]) == (
        "news", "returns", "22 (11.0%, max. 10.0%)",
    )  # fmt: skip
    rig.service.cli("suspension", "resume", stop["id"])
    (pace,) = paces(rig, "news")
    assert (pace["rule"], pace["per_hour"], pace["usual_per_hour"]) == ("resume", 100, 200)
    begun, ends = (datetime.fromisoformat(pace[name]) for name in ("created", "until"))
    assert (ends - begun).total_seconds() == 86_400
    (shown,) = rig.service.cli("stream", "show", "news", "--tenant", "customer")["slowed"]
    assert shown["id"] == pace["id"]
    await_login(rig.service, news)
    rig.send(*mailing(6, 0, ""), credential=news, message=letter("shop@customer.test", "u0@list.test"))
    why = until(
        lambda: [
            each["waiting"]["why"]
            for each in rig.service.cli("queue", "show")["items"]
            if each["waiting"]["rule"].startswith("slow ")
        ]
    )
    assert "100 recipients an hour by the rule resume" in why[0]
    rig.service.cli("pace", "lift", pace["id"])
    rig.service.drained()
