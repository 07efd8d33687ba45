"""A credential's own limits, at the gate."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.unit.relay.submission.test_gate import Desk

from estafette.base.errors import Refusal
from estafette.model.address import parse_path
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import credentials
from estafette.tenancy.bounds import Bounds
from estafette.tenancy.office import Office
from estafette.testing.clock import ManualClock

MESSAGE = b"From: a@acme.test\r\nSubject: x\r\n\r\nHello\r\n"


@pytest.fixture
def desk(office: Office, directory: DirectorySnapshot) -> Desk:
    made = Desk(office, directory)
    made.clock = made.gate._clock = ManualClock(1_700_000_000.25)
    return made


def test_a_credentials_own_limits(desk):
    identity = desk.login(limits=Bounds(message_recipients=2, per_hour=5, recipients=["example.test", "c@d.test"]))
    desk.gate.check_recipient(identity, parse_path("b@example.test"))
    desk.gate.check_recipient(identity, parse_path("C@d.test"))
    with pytest.raises(Refusal) as elsewhere:
        desk.gate.check_recipient(identity, parse_path("x@d.test"))
    with pytest.raises(Refusal) as wide:
        desk.finish(identity, MESSAGE, "a@example.test", "b@example.test", "c@example.test")
    for _ in range(2):
        desk.finish(identity, MESSAGE, "a@example.test", "b@example.test")
    with pytest.raises(Refusal) as often:
        desk.finish(identity, MESSAGE, "a@example.test", "b@example.test")
    rules = [caught.value.rule for caught in (elsewhere, wide, often)]
    assert rules == ["recipient_not_allowed", "message_recipients", "credential_rate"]
    assert often.value.code == 452
    desk.finish(identity, MESSAGE, "a@example.test")


def test_one_recipient_too_many_is_refused_when_it_is_named(desk):
    identity = desk.login(limits=Bounds(message_recipients=2))
    for before in (0, 1):
        desk.gate.check_recipient(identity, parse_path("b@example.test"), before)
    with pytest.raises(Refusal) as third:
        desk.gate.check_recipient(identity, parse_path("b@example.test"), 2)
    assert (third.value.code, third.value.rule) == (550, "message_recipients")


def test_limits_are_those_of_now(desk):
    identity = desk.login()
    desk.finish(identity, MESSAGE)
    credentials.update(desk.office, identity.credential, limits=Bounds(per_minute=1))
    desk.directory.reload()
    desk.finish(identity, MESSAGE)
    with pytest.raises(Refusal, match="login may reach 1"):
        desk.finish(identity, MESSAGE)


def test_a_right_password_at_a_wrong_place_sounds_wrong(desk):
    made = credentials.create(desk.office, "Acme", limits=Bounds(only_from=["198.51.100.0/24"]))
    desk.directory.reload()
    with pytest.raises(Refusal) as there:
        desk.gate.authenticate(made["username"], made["password"].encode(), "192.0.2.7")
    with pytest.raises(Refusal) as wrong:
        desk.gate.authenticate(made["username"], b"x", "198.51.100.9")
    assert str(there.value) == str(wrong.value)
    assert there.value.rule == "auth_network"
    assert desk.gate.authenticate(made["username"], made["password"].encode(), "198.51.100.9")


def test_an_expired_login_ends_open_sessions_too(desk):
    end = desk.clock.now() + 60
    text = datetime.fromtimestamp(end, UTC).isoformat()
    identity = desk.login(limits=Bounds(expires=text))
    desk.finish(identity, MESSAGE)
    desk.clock.pass_(61)
    with pytest.raises(Refusal) as caught:
        desk.finish(identity, MESSAGE)
    assert caught.value.rule == "credential_expired"


def test_an_open_session_loses_senders_and_recipients_that_are_taken_from_it(desk):
    identity = desk.login()
    desk.gate.check_sender(identity, parse_path("a@acme.test"))
    credentials.update(
        desk.office, identity.credential, senders=["b@acme.test"], limits=Bounds(recipients=["example.test"])
    )
    desk.directory.reload()
    with pytest.raises(Refusal) as sender:
        desk.gate.check_sender(identity, parse_path("a@acme.test"))
    message = MESSAGE.replace(b"a@acme.test", b"b@acme.test")
    with pytest.raises(Refusal) as recipient:
        desk.finish(identity, message, "x@elsewhere.test")
    with pytest.raises(Refusal) as author:
        desk.finish(identity, MESSAGE)
    rules = [caught.value.rule for caught in (sender, recipient, author)]
    assert rules == ["sender_not_allowed", "recipient_not_allowed", "sender_not_allowed"]
    desk.finish(identity, message)
