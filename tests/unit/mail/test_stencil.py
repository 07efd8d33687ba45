"""Messages whose texts are templates: each part in its charset and encoding is read, filled in, and written again."""

import contextlib
import email
from email import policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.mail.stencil import Texts, Unreadable, filled, replaced

NONE: frozenset[bytes] = frozenset()


def shout(kind, text):
    return f"{kind}!{text.upper()}"


def whole(text="Hé {x}", html="<p>Hé</p>", **how):
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["Subject"], message["X-Own"] = "a@acme.test", "Étoile", "stays"
    message.set_content(text, **how)
    if html:
        message.add_alternative(html, subtype="html", **how)
    message.add_attachment(b"<p>not this</p>", maintype="text", subtype="html", filename="page.html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    return message.as_bytes()


def read(body):
    return email.message_from_bytes(body, policy=policy.default)


@pytest.mark.parametrize("cte", ["quoted-printable", "base64", "8bit"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
def test_every_text_is_filled_in_and_files_stay(cte, charset):
    made = read(filled(whole(cte=cte, charset=charset), shout, NONE))
    assert made["Subject"] == "subject!ÉTOILE"
    assert made["X-Own"] == "stays"
    assert made.get_body(("plain",)).get_content().strip() == "text!HÉ {X}"
    assert made.get_body(("html",)).get_content().strip() == "html!<P>HÉ</P>"
    assert [part.get_content() for part in made.iter_attachments()] == ["<p>not this</p>", b"%PDF"]


def test_a_message_of_one_text_too():
    body = b"Subject: a\r\nX-MJ-Vars: {}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>a</p>\r\n"
    made = read(filled(body, shout, frozenset({b"x-mj-vars"})))
    assert (made["Subject"], made["X-MJ-Vars"]) == ("subject!A", None)
    assert (made.get_content_type(), made.get_content().strip()) == ("text/html", "html!<P>A</P>")


def test_other_texts_stand_for_those_that_came_and_files_stay():
    made = read(replaced(whole(), Texts("New", "text\n", "<p>html</p>"), NONE, "S"))
    assert made["Subject"] == "New"
    assert made.get_body(("plain",)).get_content().strip() == "text"
    assert made.get_body(("html",)).get_content().strip() == "<p>html</p>"
    assert [part.get_content() for part in made.iter_attachments()] == ["<p>not this</p>", b"%PDF"]
    alone = read(replaced(b"Subject: own\r\n\r\nold\r\n", Texts("", "new", ""), NONE, "S"))
    assert (alone["Subject"], alone.get_content().strip()) == ("own", "new")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"Content-Type: text/plain; charset=punycode\r\n\r\na", "is in punycode"),
        (b"Content-Type: text/plain; charset=nowhere\r\n\r\na", "is not the nowhere"),
        (b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xff", "is not the utf-8"),
        (b"Content-Transfer-Encoding: base64\r\nSubject: a\r\n\r\na", "no base64"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\na\r\n" * 9, "more than 8 texts"),
        (b"Subject: =?utf-8?b?a?=\r\n\r\na", "subject"),
        (b"Subject: =?x-no?q?a?=\r\n\r\na", "subject"),
        (b'Content-Type: multipart/signed; boundary="b"\r\n\r\n--b\r\n\r\na\r\n--b--\r\n', "signed"),
    ],
)
def test_what_cannot_be_read_is_told(body, why):
    with pytest.raises(Unreadable, match=why):
        filled(body, shout, NONE)


def test_no_value_brings_a_field_of_its_own():
    made = filled(b"Subject: a\r\n\r\nb\r\n", lambda _, text: text + "\r\nBcc: x@y.example", NONE)
    assert b"\r\nBcc:" not in made.partition(b"\r\n\r\n")[0]


@given(st.lists(st.sampled_from([
    b"Subject: a\r\n", b"Subject: =?utf-8?q?=FF?=\r\n", b"Content-Type: multipart/mixed; boundary=b\r\n", b"\r\n", b"--b\r\n",
    b"--b--\r\n", b"Content-Type: text/html; charset=koi8-r\r\n", b"Content-Transfer-Encoding: base64\r\n", b"text\r\n", b"\xff",
    b"Content-Transfer-Encoding: quoted-printable\r\n", b"=4\r\n", b"Content-Disposition: attachment\r\n",
]), max_size=25).map(b"".join))  # fmt: skip
def test_whatever_comes_is_written_or_told(body):
    with contextlib.suppress(Unreadable):
        filled(b"From: a@b.example\r\n" + body, shout, NONE)
        replaced(b"From: a@b.example\r\n" + body, Texts("s", "t", "h"), NONE, "S")
