"""A bounce of a real Postfix suppresses; the next mail is refused, and what waits is not sent: each is an event."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.servers.postfix import PostfixSink

pytestmark = pytest.mark.mail_only

GONE, BUSY, HELD = "nobody@remote.test", "busy@remote.test", "held@remote.test"


def until(condition: Callable[[], Any], within: float = 30.0) -> Any:
    end = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


def entries(rig) -> list[dict[str, Any]]:
    return rig.service.cli("suppression", "list", "--tenant", "customer")["items"]


def test_a_bounce_suppresses_and_the_next_mail_is_rejected(rig, folder):
    access = f"inline:{{{{{GONE}=550 5.1.1 no such user here}}, {{{BUSY}=550 5.7.1 Client host blocked using a list}}}}"
    settings = {"smtpd_recipient_restrictions": f"check_recipient_access {access}"}
    with PostfixSink(folder / "remote", domains=("remote.test",), port=rig.postfix.port, settings=settings) as desk:
        rig.dns.mail_exchanger("remote.test", desk.address)
        rig.send(GONE)
        rig.send(BUSY)
        (entry,) = until(lambda: entries(rig))
        assert (entry["address"], entry["reason"], entry["stream"]) == (GONE, "bounced", "transactional")
        (bounced,) = [each for each in rig.events(GONE) if each["kind"] == "bounced"]
        assert entry["evidence"]["event"] == bounced["id"]
        assert entry["evidence"]["message"] == bounced["message"].partition(".")[0]
        assert "no such user here" in entry["evidence"]["reply"]

        def refused() -> bool:
            try:
                rig.send(GONE)
            except smtplib.SMTPResponseException as error:
                return "suppression list (bounced)" in str(error)
            return False

        until(refused)
        (told,) = until(lambda: rig.service.events(kind="rejected"))[:1]
        assert (told["recipient"], told["reason"]) == (GONE, "suppressed")
        # What was refused for the sending host's sake suppressed nobody.
        assert [each["address"] for each in entries(rig)] == [GONE]

        rig.service.run("queue", "hold", "--domain", "remote.test")
        rig.send(HELD)
        began = time.monotonic()
        rig.service.run("suppression", "create", HELD, "--tenant", "customer")
        time.sleep(max(0.0, 2.0 - (time.monotonic() - began)))  # what is promised: effective everywhere in 2 s
        rig.service.run("queue", "release", "--domain", "remote.test")
        (end,) = until(lambda: [each for each in rig.events(HELD) if each["kind"] != "queued"])
        assert (end["kind"], end["reason"], end["attempt"]) == ("rejected", "suppressed", 0)
        assert desk.messages() == []
        rig.service.run("queue", "cancel", "--domain", "remote.test")
        rig.service.drained()
    rig.service.ledger()
