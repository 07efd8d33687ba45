"""Mail of strangers, told whole where it is well made and within bounds where it is not."""

from __future__ import annotations

import time
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.mail.incoming import FIELD, FIELDS, FILES, TEXT, attachment, incoming

PDF = b"%PDF-1.7 \x00\xff" * 300


def letter() -> EmailMessage:
    made = EmailMessage(policy=SMTP)
    made["From"] = Address("Zoé Müller", "zoe", "example.com")
    made["To"] = "hello@sender.test"
    made["Subject"] = "Été — déjà vu"
    made["Message-ID"] = "<1@example.com>"
    made.set_content("Bonjour à tous\n")
    made.add_alternative("<p>Bonjour <img src='cid:logo@x'></p>", subtype="html")
    made.add_attachment(PDF, maintype="application", subtype="pdf", filename="Facture n°1.pdf")
    return made


def test_a_message_is_told_by_its_parts():
    message = bytes(letter())
    found = incoming(message)
    assert (found.sender, found.to) == ("Zoé Müller <zoe@example.com>", "hello@sender.test")
    assert (found.subject, found.message_id) == ("Été — déjà vu", "<1@example.com>")
    assert found.text == "Bonjour à tous\n"
    assert found.html.startswith("<p>Bonjour")
    (file,) = found.files
    assert (file.number, file.name, file.type, file.size) == (1, "Facture n°1.pdf", "application/pdf", len(PDF))
    assert attachment(message, 1) == (file, PDF)
    assert (attachment(message, 0), attachment(message, 2)) == (None, None)
    assert ("Subject", "Été — déjà vu") in found.fields
    assert (found.opaque, found.cut) == (False, False)


def test_a_plain_message_is_all_text_and_a_page_alone_all_html():
    assert incoming(b"Subject: x\r\n\r\nhi\r\n").text == "hi\n"
    page = incoming(b"Content-Type: text/html; charset=iso-8859-1\r\n\r\n<b>\xe9</b>\r\n")
    assert (page.text, page.html, page.files) == ("", "<b>é</b>\n", ())


def test_a_forwarded_message_is_a_file_and_is_not_looked_into():
    made = letter()
    outer = EmailMessage(policy=SMTP)
    outer.set_content("see below")
    outer.add_attachment(made)
    found = incoming(bytes(outer))
    assert [file.type for file in found.files] == ["message/rfc822"]
    inner = attachment(bytes(outer), 1)
    assert inner is not None
    assert b"Facture" in inner[1]


@pytest.mark.parametrize(
    ("given", "shown"),
    [('filename="../../etc/passwd"', "passwd"), ('filename="C:\\\\a\\\\b.exe"', "b.exe"), ('filename="a\u202egpj.exe"', "a gpj.exe"),
     ('filename="=?utf-8?q?=C3=A9t=C3=A9=2Etxt?="', "été.txt"), ("filename*=utf-8''%C3%A9.txt", "é.txt"),
     ("filename*=nonsense''%ff.txt", None), ('filename="' + "x" * 9_000 + '"', None), ("filename*0*=''a; filename*1=b", None),
     ('filename="a\r\n b.txt"', "a  b.txt"), ("", "part-1"), ('filename=" . "', "part-1")],
)  # fmt: skip
def test_a_name_has_no_folder_nothing_hidden_and_no_end_beyond_bounds(given, shown):
    message = f"Content-Type: image/png\r\nContent-Disposition: attachment; {given}\r\n\r\nx".encode()
    (file,) = incoming(message).files
    assert len(file.name) <= 200
    assert file.name.isprintable()
    assert shown is None or file.name == shown


@pytest.mark.parametrize("charset", ["nonsense", "utf-7", "idna", "punycode", "utf-16", "base64", "rot13", "x" * 50])
def test_a_character_set_that_is_none_leaves_a_text(charset):
    found = incoming(f"Content-Type: text/plain; charset={charset}\r\n\r\nplain".encode() + b"\xff\xfe")
    assert found.text
    encoded = incoming(f"Subject: =?{charset}?b?/w==?= end\r\n\r\n".encode())
    assert encoded.subject.isprintable()


def test_ten_thousand_parts_and_a_hundred_levels_are_told_by_their_header_alone():
    wide = (
        b"Subject: wide\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\n\r\nx\r\n" * 10_000
        + b"--b--\r\n"
    )
    deep = b"Subject: deep\r\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(150)
    )
    lines = b"Subject: lines\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"\r\n--x" * 200_000
    for message, subject in ((wide, "wide"), (deep, "deep"), (lines, "lines")):
        found = incoming(message)
        assert (found.subject, found.text, found.files, found.opaque) == (subject, "", (), True)
        assert attachment(message, 1) is None


def test_messages_in_messages_in_messages_are_one_file():
    message = b"Content-Type: message/rfc822\r\n\r\n" * 5_000
    assert [file.type for file in incoming(message).files] == ["message/rfc822"]


def test_long_texts_and_many_fields_are_told_in_part():
    found = incoming(b"Subject: x\r\n\r\n" + b"y" * (TEXT + 5))
    assert (len(found.text), found.cut) == (TEXT, True)
    many = incoming(b"".join(b"X-%d: y\r\n" % n for n in range(FIELDS + 1)) + b"\r\n")
    assert (len(many.fields), many.cut) == (FIELDS, True)
    long = incoming(b"Subject: " + b"z" * 9_000 + b"\r\n\r\n")
    assert (len(long.subject), long.cut) == (FIELD, True)
    assert incoming(b"X: y\r\n" * 2_000 + b"\r\n").opaque


def test_wrong_encodings_stay_as_they_are_and_a_type_that_is_none_is_octets():
    (file,) = incoming(b"Content-Type: <script>\r\nContent-Transfer-Encoding: base64\r\n\r\n@@@=a=\r\n").files
    assert file.type == "application/octet-stream"
    assert incoming(b"Content-Transfer-Encoding: base64\r\n\r\naGk=\r\n").text == "hi"


@given(st.binary(max_size=2_000))
def test_whatever_comes_is_told_within_bounds(junk):
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: "
    for message in (junk, head + junk, head.replace(b"mixed", b"digest") + junk + b"\r\n--b--\r\n"):
        found = incoming(message)
        assert len(found.files) <= FILES
        assert all(attachment(message, file.number) is not None for file in found.files)
        assert all(value.isprintable() for _, value in found.fields)


def test_names_made_to_take_long_take_a_bounded_time():
    name = b'"' + b";" * 30_000
    part = (
        b"--b\r\nContent-Type: a/b; x=" + name + b"\r\nContent-Disposition: attachment; filename=" + name + b"\r\n\r\n"
    )
    message = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 100
    began = time.process_time()
    assert len(incoming(message).files) == 100
    assert time.process_time() - began < 10.0  # CPU of this process: as written, a hundredth of it
