"""What a message shows: the HTML before the text, pictures in their place, nothing that was attached."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from estafette.mail import shown as showing
from estafette.mail.shown import shown

PICTURE = b"\x89PNG" * 5


def part(head: str, body: bytes) -> bytes:
    return head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body


def multipart(kind: str, *parts: bytes, boundary: str = "b") -> bytes:
    inside = b"".join(f"--{boundary}\r\n".encode() + each + b"\r\n" for each in parts)
    return part(f'Content-Type: multipart/{kind}; boundary="{boundary}"', inside + f"--{boundary}--\r\n".encode())


def image(name: str, octets: bytes = PICTURE, kind: str = "image/png") -> bytes:
    head = f"Content-Type: {kind}\nContent-ID: <{name}>\nContent-Transfer-Encoding: base64"
    return part(head, base64.b64encode(octets))


def test_html_is_taken_before_text_and_decoded():
    html = part("Content-Type: text/html; charset=UTF-8\nContent-Transfer-Encoding: quoted-printable", b"=C3=A9<b>")
    found = shown(multipart("alternative", part("Content-Type: text/plain", b"text"), html))
    assert (found.type, found.charset, found.body) == ("text/html", "UTF-8", "é<b>".encode())


def test_text_is_shown_where_there_is_nothing_else():
    assert shown(b"Subject: x\r\n\r\nhello\r\n").body == b"hello\r\n"
    assert shown(b"Subject: x\r\n\r\nhello\r\n").type == "text/plain"


def test_what_was_attached_is_not_shown():
    attached = part("Content-Type: text/html\nContent-Disposition: attachment", b"<p>no")
    assert shown(multipart("mixed", part("Content-Type: text/plain", b"yes"), attached)).body == b"yes"
    assert shown(multipart("mixed", attached)) is None


def test_pictures_stand_where_they_are_named():
    html = part("Content-Type: text/html", b"<img src=cid:a@x><img src='cid:none'><img src=cid:s>")
    found = shown(multipart("related", html, image("a@x"), image("s", b"<svg>", "image/svg+xml")))
    data = b"data:image/png;base64," + base64.b64encode(PICTURE)
    assert found.body == b"<img src=" + data + b"><img src='cid:none'><img src=cid:s>"


def test_pictures_do_not_grow_without_bound(monkeypatch):
    monkeypatch.setattr(showing, "MOST_PICTURES", 2 * len(PICTURE))
    html = part("Content-Type: text/html", b"<img src=cid:a>" * 100)
    assert shown(multipart("related", html, image("a"))).body.count(b"data:") == 2


def test_broken_base64_shows_nothing_and_a_false_charset_stays_a_name():
    broken = part("Content-Type: text/html\nContent-Transfer-Encoding: base64", b"x")
    assert shown(broken).body == b""
    assert shown(part('Content-Type: text/html; charset="a\r\n b"', b"x")).charset in {"utf-8", "a"}


@given(st.binary(max_size=400))
def test_anything_may_come(rubbish):
    found = shown(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + rubbish)
    assert found is None or found.type in {"text/html", "text/plain"}
