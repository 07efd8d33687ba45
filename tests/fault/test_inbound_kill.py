"""SIGKILL while mail comes in: every letter that was taken is where its route leads, whoever was killed when."""

from __future__ import annotations

import collections
import smtplib
import threading
import time

import pytest
from tests.servers.dovecot import Dovecot
from tests.servers.inbound import add_routes, mail

pytestmark = pytest.mark.mail_only
LETTERS = 30
KILLS = 3


def hand_in(rig, recipient: str, subject: str, until: float) -> None:
    """Send a letter until it is taken, as a server does; a lost answer makes it come twice."""
    while True:
        assert time.monotonic() < until, "nobody ever took it"
        try:
            with smtplib.SMTP(rig.service.address, rig.service.mx, timeout=20) as client:
                client.sendmail("ann@far.test", [recipient], mail(Subject=subject).decode())
        except (OSError, smtplib.SMTPException):
            time.sleep(0.1)
        else:
            return


@pytest.mark.timeout(240)
def test_every_letter_that_was_taken_is_there_whenever_it_is_killed(rig, folder):
    service = rig.service
    service.kill()
    boxes = Dovecot(folder / "dovecot", users={"bob": ""})
    add_routes(service, ("bob", "forward", boxes.target), ("keep", "keep", ""))
    service.start()
    until = time.monotonic() + 150

    def work(recipient: str) -> None:
        for number in range(LETTERS):
            hand_in(rig, recipient, f"letter {number}.", until)

    senders = [threading.Thread(target=work, args=(each,)) for each in ("bob@customer.test", "keep@customer.test")]
    boxes.__enter__()
    try:
        for sender in senders:
            sender.start()
        for kill in range(KILLS):
            time.sleep(0.3 + 0.2 * kill)
            service.kill()
            if kill == 1:  # the company's server too
                boxes.__exit__(None, None, None)
            service.start()
            if kill == 1:
                boxes.__enter__()
        for sender in senders:
            sender.join()
    finally:
        boxes.__exit__(None, None, None)
    came = collections.Counter(
        number
        for message in boxes.messages("bob")
        for number in range(LETTERS)
        if f"letter {number}.".encode() in message
    )
    assert set(came) == set(range(LETTERS))
    assert came.total() <= LETTERS + KILLS + 1
    while True:
        events = [each for each in service.events(kind="inbound") if each["recipient"] == "keep@customer.test"]
        if len(events) >= LETTERS:
            break
        assert time.monotonic() < until, f"{len(events)} of {LETTERS}"
        time.sleep(0.2)
    assert len(events) <= LETTERS + KILLS
