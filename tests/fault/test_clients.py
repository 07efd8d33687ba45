"""Hostile clients against the real listener."""

import base64
import contextlib
import smtplib
import socket
import threading
import time

import pytest
from tests.fault.rig import FaultRig


@pytest.fixture
def door(fault_rig: FaultRig):
    """A started service with a credential by network."""
    fault_rig.service.start()
    return fault_rig


def _connect(rig: FaultRig) -> tuple[socket.socket, object]:
    line = socket.create_connection((rig.service.address, rig.service.submission), 10)
    answers = line.makefile("rb")
    assert answers.readline().startswith(b"220")
    return line, answers


def _ask(line, answers, octets: bytes) -> bytes:
    line.sendall(octets)
    while (reply := answers.readline())[3:4] == b"-":
        pass
    return reply


_SMUGGLES = [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n", b"\n\n.\r\n", b"\r\r\n.\r\r\n"]


@pytest.mark.parametrize("end", _SMUGGLES, ids=repr)
def test_only_crlf_dot_crlf_ends_data(door, end):
    line, answers = _connect(door)
    with line, answers:
        _ask(line, answers, b"EHLO c.test\r\n")
        _ask(line, answers, b"MAIL FROM:<shop@customer.test>\r\n")
        _ask(line, answers, b"RCPT TO:<j@sink.test>\r\n")
        assert _ask(line, answers, b"DATA\r\n").startswith(b"354")
        line.sendall(b"From: shop@customer.test\r\nX-Lid: outer\r\n\r\nbody" + end)
        line.sendall(
            b"MAIL FROM:<evil@customer.test>\r\nRCPT TO:<j@sink.test>\r\nDATA\r\nX-Lid: inner\r\n\r\nx\r\n.\r\n"
        )
        reply = answers.readline()
        line.settimeout(0.5)
        with pytest.raises(OSError, match="timed out"):  # noqa: PT012 - any further reply is the failure
            while answers.readline():
                raise AssertionError("a second reply: the data ended twice")
    if reply.startswith(b"250"):
        door.service.drained()
        assert set(door.received()) == {"outer"}


def test_nothing_before_starttls_survives_it(door):
    line, answers = _connect(door)
    with line, answers:
        _ask(line, answers, b"EHLO c.test\r\n")
        assert _ask(line, answers, b"STARTTLS\r\nMAIL FROM:<shop@customer.test>\r\n").startswith(b"554")
        assert answers.readline() == b"", "the connection stays open after an injection"


def _pour(line: socket.socket, octets: bytes) -> threading.Thread:
    """Send from a thread, so that replies are read meanwhile; a server may well hang up before the end."""

    def work() -> None:
        with contextlib.suppress(OSError):
            line.sendall(octets)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize(("size", "reply"), [(100_000, b"500 5.5.2"), (1_000_001, b"421 4.5.2")])
def test_a_line_too_long_is_never_kept_and_gets_one_coded_reply(door, size, reply):
    """Up to a million octets the line is passed over and the next command counts; beyond, the client is sent away."""
    line, answers = _connect(door)
    with line, answers:
        _ask(line, answers, b"EHLO c.test\r\n")
        pouring = _pour(line, b"NOOP " + b"a" * size + b"\r\nRSET\r\n")
        assert answers.readline().startswith(reply)
        assert answers.readline()[:3] == (b"250" if reply.startswith(b"500") else b"")
        pouring.join(10)
        assert not pouring.is_alive()


def test_nul_gets_a_coded_reply(door):
    line, answers = _connect(door)
    with line, answers:
        assert _ask(line, answers, b"EHLO c\0.test\r\n").startswith(b"5")


def test_a_hundred_thousand_recipients_are_bounded(door):
    """A thousand are taken, as the settings say; then each gets 452, and soon the whole connection 421."""
    line, answers = _connect(door)
    with line, answers:
        _ask(line, answers, b"EHLO c.test\r\n")
        _ask(line, answers, b"MAIL FROM:<shop@customer.test>\r\n")
        _pour(line, b"".join(b"RCPT TO:<u%d@sink.test>\r\n" % n for n in range(100_000)))
        codes = [reply[:3] for reply in answers]
    assert codes[:1000] == [b"250"] * 1000
    assert codes[-1] == b"421"
    assert set(codes[1000:-1]) == {b"452"}
    assert len(codes) < 10_000
    assert door.service.waiting() == [], "nothing was sent, so nothing is kept"


def _guesses(door: FaultRig, most: int) -> list[tuple[int, float]]:
    """Guess on one connection until it is closed; return each reply with the seconds it took."""
    token, found = base64.b64encode(b"\0nobody\0guess").decode(), []
    with smtplib.SMTP(door.service.address, door.service.submission, timeout=30) as client:
        client.starttls(context=door.service.certificates.client())
        client.ehlo("c.test")
        for _ in range(most):
            began = time.monotonic()
            code, _ = client.docmd("AUTH", f"PLAIN {token}")
            found.append((code, time.monotonic() - began))
            if code == 421:
                client.close()
                break
    return found


def test_guessing_passwords_is_slowed_and_locked_out(door):
    """Three tries a connection, each waiting longer; at the fifth from one address the door is locked."""
    first = _guesses(door, 10)
    assert [code for code, _ in first] == [535, 535, 421]
    waits = [seconds for _, seconds in first]
    assert 0.5 < waits[0] < waits[1] < waits[2]
    assert [code for code, _ in _guesses(door, 3)] == [535, 535, 454]
