import email
import re
from email import policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.base.errors import Refusal
from estafette.mail.fixups import overlong, prepare_submission, safe_lines
from estafette.mail.headers import Head
from estafette.mail.received import protocol, received

RECEIVED = b"Received: from x\r\n\tby y\r\n"
FULL = b"From: a@b\r\nDate: x\r\nMessage-ID: <1@b>\r\n"


def prepared(body, remove=frozenset()):
    return prepare_submission(body, Head.parse(body), received=RECEIVED, date=0.0, message_id=b"<id@b>", remove=remove)


@given(st.binary(max_size=200))
def test_a_complete_message_only_gains_received(rest):
    body = FULL + b"\r\n" + rest
    assert prepared(body) == RECEIVED + body


def test_missing_fields_are_added_and_blind_ones_removed():
    body = b"From: a@b\r\nBcc: secret@c,\r\n\tother@c\r\nX-Estafette-Campaign: x\r\nTo: d@e\r\nresent-bcc: f@g\r\n\r\nBcc: body\r\n"
    assert prepared(body, frozenset({b"x-estafette-campaign"})) == (
        RECEIVED + b"Date: Thu, 1 Jan 1970 00:00:00 +0000\r\nMessage-ID: <id@b>\r\n"
        b"From: a@b\r\nTo: d@e\r\n\r\nBcc: body\r\n"
    )


def test_a_return_path_of_the_client_is_taken_out_wherever_it_stands():
    body = FULL + b"Return-Path: <x@y>\r\n\tz\r\nreturn-path: <>\r\nTo: d@e\r\n"
    assert prepared(body + b"\r\nReturn-Path: body\r\n") == RECEIVED + FULL + b"To: d@e\r\n\r\nReturn-Path: body\r\n"
    assert prepared(body) == RECEIVED + FULL + b"To: d@e\r\n"


def test_a_body_without_header_gets_one():
    assert prepared(b"hello\r\n").endswith(b"Message-ID: <id@b>\r\n\r\nhello\r\n")


def test_a_header_without_body_keeps_its_fields():
    assert prepared(FULL + b"Bcc: x@y\r\n") == RECEIVED + FULL


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b".", b"\r\n.\r\n", b"x" * 300]), max_size=40))
def test_no_cr_or_lf_stands_alone_afterwards(pieces):
    safe = safe_lines(b"A: b\r\n\r\n" + b"\r\n".join(pieces) + b"\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", safe)


@given(st.lists(st.integers(0, 2500), max_size=12), st.booleans())
def test_overlong_lines_are_found(lengths, ended):
    body = b"\r\n".join(b"x" * length for length in lengths) + b"\r\n" * ended
    assert overlong(body) == any(length > 998 for length in lengths)


def test_short_lines_come_back_as_the_same_object():
    body = FULL + b"\r\n" + (b"y" * 998 + b"\r\n") * 3
    assert safe_lines(body) is body


@given(st.text(alphabet="aé =\t.\r\n", max_size=300), st.sampled_from(["", "7bit", "8bit"]))
def test_a_long_text_part_says_the_same_as_quoted_printable(text, encoding):
    lines = "\r\n".join((*text.splitlines(), "é" * 700, ""))
    named = f"Content-Transfer-Encoding: {encoding}\r\n" if encoding else ""
    head = f"From: a@b\r\nContent-Type: text/plain; charset=utf-8\r\n{named}\r\n"
    safe = safe_lines((head + lines).encode())
    assert not overlong(safe)
    assert email.message_from_bytes(safe, policy=policy.SMTP).get_payload(decode=True) == lines.encode()


def test_only_the_long_leaf_of_a_multipart_changes():
    start = b'From: a@b\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n\r\nplain\r\n--x\r\nContent-Type: text/html\r\n'
    long = b"<p>" * 500
    end = b"\r\n--x\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--x--\r\n"
    safe = safe_lines(start + b"\r\n" + long + end)
    assert safe.startswith(start + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n")
    assert safe.endswith(end)
    html = email.message_from_bytes(safe).get_payload()[1]
    assert html.get_payload(decode=True) == long


def test_long_base64_is_wrapped_without_loss():
    head = b"From: a@b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    safe = safe_lines(head + b"QUJD" * 500 + b"\r\n")
    assert email.message_from_bytes(safe).get_payload(decode=True) == b"ABC" * 500
    assert safe.startswith(head)


def test_a_long_header_line_is_folded_at_a_blank_and_nothing_else_changes():
    value = b" ".join(b"<%d@host.example>" % n for n in range(200))
    safe = safe_lines(b"From: a@b\r\nReferences: " + value + b"\r\n\r\nx\r\n")
    assert not overlong(safe)
    assert safe.replace(b"\r\n ", b" ") == b"From: a@b\r\nReferences: " + value + b"\r\n\r\nx\r\n"


@pytest.mark.parametrize(
    "message",
    [
        b"From: " + b"x" * 1200 + b"\r\n\r\nx\r\n",
        b"Content-Type: application/octet-stream\r\n\r\n" + b"x" * 1200,
        b"Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n" + b"x" * 1200 + b"\r\n--s--\r\n",
        b"Content-Type: multipart/mixed; boundary=s\r\n\r\n" + b"x" * 1200 + b"\r\n--s\r\n\r\n\r\n--s--\r\n",
    ],
)
def test_what_cannot_be_repaired_is_refused_by_rule(message):
    with pytest.raises(Refusal) as caught:
        safe_lines(message)
    assert (caught.value.code, caught.value.enhanced, caught.value.rule) == (550, "5.6.0", "line_too_long")


@given(st.text(max_size=300), st.text(max_size=50))
def test_received_is_one_field_whatever_the_peer_says(helo, tls):
    field = received(
        helo=helo, client="2001:db8::1", hostname="mx.example", protocol="ESMTPS", shown="0" * 13, at=0.0, tls=tls
    )
    assert len(Head.parse(field + b"\r\n").fields) == 1
    assert not overlong(field)
    assert b"([IPv6:2001:db8::1])" in field


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"esmtp": False}, "SMTP"), ({}, "ESMTP"), ({"tls": True}, "ESMTPS"), ({"auth": True}, "ESMTPA"),
        ({"tls": True, "auth": True}, "ESMTPSA"), ({"tls": True, "auth": True, "smtputf8": True}, "UTF8SMTPSA"),
    ],
)  # fmt: skip
def test_protocol_words(facts, word):
    assert protocol(**facts) == word
