"""What of a message becomes ours: which parts, which links, and nothing else."""

import base64
from email import message_from_bytes, policy
from itertools import product

import pytest

from estafette.mail.headers import Head
from estafette.mail.overlong import quoted_printable
from estafette.tracking.edit import applied
from estafette.tracking.plan import LONGEST_TEXT, Plan, Wish, planned

BASE = "https://t.example"
LINK = b'<p><a href="http://x.example/?a=1&amp;b=2">x</a></p>'


def plan(message: bytes, **wish) -> Plan:
    return planned(message, Head.parse(message), Wish(BASE, **wish))


def edited(message: bytes, **wish) -> bytes:
    """Return a message whose spots are written as their kind and number."""
    made = plan(message, **wish)
    return applied(message, made.edits([f"{BASE}/{spot.kind}{spot.link}" for spot in made.spots]))


def single(page: bytes, *fields: bytes, kind: bytes = b"text/html; charset=utf-8") -> bytes:
    return b"".join([b"Subject: x\r\nContent-Type: %b\r\n" % kind, *fields, b"\r\n", page])


def multipart(subtype: bytes, *parts: bytes, boundary: bytes = b"b", fields: bytes = b"") -> bytes:
    head = b'%bContent-Type: multipart/%b; boundary="%b"\r\n\r\n' % (fields, subtype, boundary)
    return head + b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts) + b"--%b--\r\n" % boundary


HTML = b"Content-Type: text/html\r\n\r\n" + LINK
TEXT = b"Content-Type: text/plain\r\n\r\nsee http://x.example/."


def urls(message: bytes, **wish) -> list[str]:
    return [spot.url for spot in plan(message, **wish).spots if spot.kind == "click"]


def test_the_pixel_and_the_attribute_are_all_that_changes():
    message = single(b"<BODY  bgcolor=red >" + LINK + b"</Body >\r\n")
    made = edited(message)
    assert b'<a href="https://t.example/click1">x</a></p><img src="https://t.example/open0" ' in made
    pixel = made[made.index(b"<img") : made.index(b"</Body")]
    restored = made.replace(pixel, b"").replace(b"https://t.example/click1", b"http://x.example/?a=1&amp;b=2")
    assert restored == message


@pytest.mark.parametrize(
    "tag",
    [
        b'<a href="mailto:a@x.example">', b'<a href="tel:1">', b'<a href="#top">', b'<a href="cid:1">', b'<a href="/p">',
        b'<a href="data:text/html,x">', b'<a href="javascript:x()">', b'<link href="http://x.example/">',
        b'<img src="http://x.example/">', b'<base href="http://x.example/">', b'<a title="http://x.example/">',
        b'<a href="https://t.example/u/abc">', b'<a href="http://x.example/" data-estafette-track="off">',
        b'<a href="ftp://x.example/">', b"<!-- <a href='http://x.example/'> -->",
    ],
)  # fmt: skip
def test_what_is_no_link_to_the_web_stays(tag):
    message = single(b"<p>" + tag + b"x")
    assert edited(message, opens=False) == message


def test_the_target_is_what_a_browser_would_open_and_gets_the_pairs():
    assert urls(single(LINK)) == ["http://x.example/?a=1&b=2"]
    assert urls(single(LINK), tags="utm_source=n&a=9") == ["http://x.example/?a=1&b=2&utm_source=n"]


def test_the_link_of_the_unsubscribe_field_stays():
    fields = b"List-Unsubscribe: <mailto:u@x.example>,\r\n <http://x.example/?a=1&b=2>\r\n"
    message = single(LINK + b'<a href="http://other.example/">', fields)
    assert urls(message) == ["http://other.example/"]


def test_links_are_counted_over_all_parts():
    message = multipart(b"alternative", TEXT, HTML, HTML)
    assert [(spot.kind, spot.link) for spot in plan(message).spots] == [("click", 1), ("open", 0), ("click", 2)]
    assert [spot.link for spot in plan(message, texts=True).spots] == [1, 2, 0, 3]
    assert b"see https://t.example/click1.\r\n" in edited(message, texts=True)


def test_words_are_the_recipients_own_links_even_when_nothing_is_measured():
    page = b'<a href="estafette:unsubscribe">u</a><a href=" ESTAFETTE:VIEW ">v</a>' + LINK
    text = b"Content-Type: text/plain\r\n\r\nleave: estafette:unsubscribe\r\nestafette:viewer"
    message = multipart(b"alternative", text, b"Content-Type: text/html\r\n\r\n" + page)
    off = {"links": False, "opens": False}
    assert [spot.kind for spot in plan(message, **off).spots] == ["unsubscribe", "unsubscribe", "view"]
    assert plan(message, **off).own == ["view", "unsubscribe"]
    made = edited(message, **off)
    assert b"leave: https://t.example/unsubscribe0\r\nestafette:viewer" in made
    assert LINK in made


SIGNED = multipart(b"signed", HTML, b"Content-Type: application/pgp-signature\r\n\r\nx")


@pytest.mark.parametrize(
    "message",
    [
        SIGNED,
        multipart(b"mixed", multipart(b"signed", multipart(b"alternative", HTML, boundary=b"d"), boundary=b"c")),
        multipart(b"encrypted", HTML),
        single(b"MIAGCSq", kind=b"application/pkcs7-mime"),
        multipart(b"mixed", b"Content-Type: message/rfc822\r\n\r\n" + HTML),
        multipart(b"mixed", b"Content-Type: text/calendar\r\n\r\nURL:http://x.example/"),
        multipart(b"mixed", b"Content-Disposition: attachment; filename=a.html\r\n" + HTML),
        single(LINK, b"DKIM-Signature: v=1\r\n"),
        single(LINK + b"\r\n-----BEGIN PGP MESSAGE-----\r\n"),
        single(LINK, b"Content-Transfer-Encoding: x-uuencode\r\n"),
        single(LINK, b"Content-Transfer-Encoding: base64\r\n"),
        single(LINK + b" " * LONGEST_TEXT),
        single(LINK, kind=b"text/html; charset=utf-16"),
        single(LINK, kind=b"text/html; charset=iso-2022-jp"),
        single(LINK, kind=b"text/html; charset=utf-7"),
        single("<a href=http://x/>".encode("utf-16-le"), kind=b"text/html; charset=utf-8"),
        b"X: " + b"y" * 70_000 + b" http://x.example/\r\n\r\nhello",
    ],
)
def test_what_is_sealed_or_not_understood_stays(message):
    assert edited(message, texts=True) == message


def coded(octets: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return base64.encodebytes(octets).replace(b"\n", b"\r\n")
    if encoding == "quoted-printable" and b"\0" in octets:
        escapes = [b"=%02X" % octet for octet in octets]
        return b"=\r\n".join(b"".join(escapes[at : at + 25]) for at in range(0, len(escapes), 25))
    return quoted_printable(octets) if encoding == "quoted-printable" else octets


CHARSETS = ("us-ascii", "iso-8859-1", "windows-1252", "utf-8", "x-nobody-knows", "utf-16")
ENCODINGS = ("8bit", "quoted-printable", "base64")


#: Wide characters are never sent without an encoding.
PAIRS = [pair for pair in product(CHARSETS, ENCODINGS) if pair != ("utf-16", "8bit")]


@pytest.mark.parametrize(("charset", "encoding"), PAIRS)
def test_encodings_and_charsets(encoding, charset):
    codec = "utf-8" if charset == "x-nobody-knows" else charset
    letter = "x" if charset == "us-ascii" else "é"
    page = f'<p title="{letter}">{letter} =<a href="http://x.example/a%20b">{letter}</a></p>\r\n' * 20 + "</body>\r\n"
    fields = f"Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    alternative = multipart(b"alternative", TEXT, fields + coded(page.encode(codec), encoding), boundary=b"c")
    message = multipart(b"related", alternative)
    made = edited(message)
    parts = message_from_bytes(made, policy=policy.default).walk()
    (read,) = [part for part in parts if part["content-type"].subtype == "html"]
    text = read.get_payload(decode=True).decode(codec)
    pixel = text[text.index("<img") : text.index("</body>")]
    for link in range(20, 0, -1):
        text = text.replace(f"https://t.example/click{link}", "http://x.example/a%20b")
    assert text.replace(pixel, "").rstrip() == page.rstrip()
    assert max(map(len, made.split(b"\r\n"))) <= 998
    start = message.index(fields)
    assert made[:start] == message[:start]
    assert made.endswith(b"\r\n--c--\r\n\r\n--b--\r\n")


def test_a_long_line_is_broken_where_it_means_nothing():
    page = (LINK + b"y" * 50) * 9
    made = edited(single(page)).replace(b"https://t.example/click", b"https://t.example/" + b"k" * 200)
    assert max(map(len, made.split(b"\r\n"))) <= 998
    long = f"https://t.example/{'k' * 300}"
    message = single(page)
    done = plan(message)
    lengthened = applied(message, done.edits([long] * len(done.spots)))
    assert max(map(len, lengthened.split(b"\r\n"))) <= 998
    assert lengthened.count(long.encode()) == 10
    assert b'<a \r\nhref="' + long.encode() + b'"\r\n>x</a>' in lengthened


def test_a_spot_without_an_address_stays():
    message = single(LINK)
    made = plan(message)
    assert applied(message, made.edits(["" for _ in made.spots])) == message
