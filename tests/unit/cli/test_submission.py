"""Handing a message in over the Unix socket, against a service that follows a script."""

import socket
import threading

import pytest

from estafette.cli import send
from estafette.cli.send import EX_DATAERR, EX_NOPERM, EX_NOUSER, EX_TEMPFAIL
from estafette.cli.submission import NoService, Parcel, Refused, stuffed, transact


@pytest.fixture
def service(tmp_path):
    """Answer each command with the next reply, and keep what was said."""
    said = bytearray()
    threads = []

    def start(*replies):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tmp_path / "submit.sock"))
        listener.listen()

        def talk():
            channel, _ = listener.accept()
            stream = channel.makefile("rwb")
            for reply in replies:
                stream.write(reply.encode() + b"\r\n")
                stream.flush()
                ends = b".\r\n" if reply.startswith("354") else b"\r\n"
                while line := stream.readline():
                    said.extend(line)
                    if ends in {line, b"\r\n"}:
                        break
            stream.close()
            channel.close()
            listener.close()

        threads.append(threading.Thread(target=talk))
        threads[0].start()
        return tmp_path / "submit.sock", said

    yield start
    for thread in threads:
        thread.join()


def parcel(**fields):
    return Parcel(**{"sender": "a@x.example", "recipients": ["b@y.example"], "message": b"x"} | fields)


def test_a_message_is_accepted(service):
    place, said = service(
        "220 hi", "250-one\r\n250 two", "250 ok", "250 ok", "354 go", "250 2.0.0 queued as 0SAKJZJ2G0200"
    )
    assert transact(place, parcel(message=b"Subject: x\n\n.dot\n")) == "0SAKJZJ2G0200"
    assert b"MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\n" in said


def test_what_mail_wants_is_said(service):
    place, said = service("220 hi", "250 hi", "250 ok", "250 ok", "354 go", "250 2.0.0 queued as X")
    transact(place, parcel(recipients=["bób@y.example"], message=b"\xc3\xa9", notify="NEVER", returned="HDRS"))
    assert b"MAIL FROM:<a@x.example> BODY=8BITMIME SMTPUTF8 RET=HDRS\r\n" in said
    assert "RCPT TO:<bób@y.example> NOTIFY=NEVER\r\n".encode() in said


@pytest.mark.parametrize(
    ("replies", "code"),
    [
        (["220 hi", "250 hi", "530 5.7.0 authentication required"], EX_NOPERM),
        (["220 hi", "250 hi", "550 5.7.1 not allowed"], EX_NOPERM),
        (["220 hi", "250 hi", "452 4.3.1 full"], EX_TEMPFAIL),
        (["220 hi", "250 hi", "250 ok", "550 5.1.1 nobody"], EX_NOUSER),
        (["220 hi", "250 hi", "250 ok", "550 5.7.1 suppressed"], EX_NOUSER),
        (["220 hi", "250 hi", "250 ok", "250 ok", "354 go", "550 5.7.1 From not allowed"], EX_NOPERM),
        (["220 hi", "250 hi", "250 ok", "250 ok", "354 go", "552 5.3.4 too big"], EX_DATAERR),
        (["421 4.3.2 too busy"], EX_TEMPFAIL),
    ],
)
def test_each_no_has_its_code(service, replies, code):
    place, _ = service(*replies)
    with pytest.raises(Refused) as caught:
        transact(place, parcel())
    assert send._exit_code(caught.value) == code


def test_an_address_never_ends_a_line(tmp_path, service):
    place, _ = service("220 hi", "250 hi", "250 ok")
    with pytest.raises(Refused) as caught:
        transact(place, parcel(recipients=["b@y.example>\r\nDATA"]))
    assert send._exit_code(caught.value) == EX_NOUSER


def test_nobody_answers_or_stops_answering(tmp_path, service):
    with pytest.raises(NoService):
        transact(tmp_path / "absent.sock", parcel())
    place, _ = service("220 hi")
    with pytest.raises(ConnectionError):
        transact(place, parcel())


def test_dots_and_line_ends():
    assert stuffed(b".\r\na\rb\n") == b"..\r\na\r\nb\r\n"
