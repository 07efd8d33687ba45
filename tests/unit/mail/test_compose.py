"""What is composed reads, by the standard library's parser, as it was given; and nothing given brings a field of its own."""

import email
import re
from email import policy
from email.header import decode_header, make_header
from email.utils import getaddresses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estafette.mail import compose, parts, words
from estafette.mail.plain import plain
from estafette.model.letter import Attachment, Mailbox
from estafette.model.recipe import Draft

LINE = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufeff"), max_size=200)
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\x85\x0b\x0c\x1c\x1d\x1e\u2028\u2029\x00"),
    max_size=400,
)
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
#: Words that a decoder would read as something else than was written.
PLAIN = LINE.filter(lambda text: "=?" not in text)


def draft(**fields):
    values = {
        "sender": Mailbox("ann@a.example"),
        "to": (Mailbox("bob@b.example"),),
        "text": "hi",
        "date": 1.7e9,
        "seed": "S",
    }
    return Draft(**(values | {"message_id": "m@a.example"} | fields))


def read(message):
    assert message.count(b"\r\n") == message.count(b"\n") == message.count(b"\r")
    assert max(map(len, message.split(b"\r\n"))) <= 998
    return email.message_from_bytes(message, policy=policy.default)


def squeezed(text):
    return " ".join(text.split())


@given(PLAIN)
@settings(max_examples=300)
def test_a_subject_reads_as_given(subject):
    assert squeezed(read(compose.compose(draft(subject=subject)))["Subject"]) == squeezed(subject)


@given(st.lists(PLAIN, min_size=1, max_size=5))
def test_names_read_as_given_and_addresses_stay(names):
    boxes = tuple(Mailbox(f"user{number}@b.example", name) for number, name in enumerate(names))
    message = compose.compose(draft(to=boxes))
    assert [address.addr_spec for address in read(message)["To"].addresses] == [box.address for box in boxes]
    # The newer parser puts a blank between encoded words of a phrase, against RFC 2047 section 6.2; the older does not.
    found = [name for name, _ in getaddresses([email.message_from_bytes(message)["To"].replace("\r\n", "")])]
    assert [squeezed(str(make_header(decode_header(name)))) for name in found] == [squeezed(box.name) for box in boxes]


@given(TEXT, TEXT)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_texts_read_as_given(text, html):
    message = read(compose.compose(draft(text=text or "x", html=html or "x")))
    for kind, wanted in (("plain", text or "x"), ("html", html or "x")):
        got = message.get_body((kind,)).get_content().replace("\r\n", "\n")
        assert got.rstrip("\n").split("\n") == wanted.rstrip("\n").split("\n")


@given(st.binary(max_size=3000), PLAIN.filter(str.strip))
def test_a_file_reads_as_given(content, name):
    part = parts.file_part(Attachment(name=name, content=content))
    found = next(read(compose.compose(draft(attached=(part,)))).iter_attachments())
    assert found.get_payload(decode=True) == content
    assert found.get_filename() is not None


@given(
    st.fixed_dictionaries({"subject": ANYTHING, "name": ANYTHING, "key": ANYTHING, "value": ANYTHING, "file": ANYTHING})
)
@settings(max_examples=500)
def test_nothing_brings_a_field_of_its_own(given):
    try:
        head = compose.compose(
            draft(
                subject=given["subject"],
                sender=Mailbox("a@a.example", given["name"]),
                headers=((given["key"], given["value"]),),
            )
        ).partition(b"\r\n\r\n")[0]
    except words.BadText:
        return
    names = re.findall(rb"^([^ \t:\r\n]+):", head, re.MULTILINE)
    wanted = [
        "From",
        "Subject",
        "Date",
        "MIME-Version",
        "To",
        "Message-ID",
        given["key"],
        "Content-Type",
        "Content-Transfer-Encoding",
    ]
    assert [name.decode() for name in names] == wanted


@pytest.mark.parametrize(
    "value", ["a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\x00b", "=?utf-8?q?a=0D=0ABcc:_x?=", "=?utf-8?b?YQ0KQmNjOiB4?=", "a\u2028b", "a\x85b"]
)  # fmt: skip
def test_line_breaks_are_refused_wherever_they_hide(value):
    for fields in ({"subject": value}, {"headers": (("X-A", value),)}, {"to": (Mailbox("b@b.example", value),)}):
        with pytest.raises(words.BadText):
            compose.compose(draft(**fields))


@pytest.mark.parametrize(
    "name", ["From", "bcc", "Content-Type", "X-Estafette-Stream", "ARC-Seal", "A B", "A:", "", "É", "a\r\nb"]
)
def test_reserved_fields_are_refused(name):
    with pytest.raises(words.BadText):
        compose.compose(draft(headers=((name, "x"),)))


def test_the_check_of_the_header_sees_what_is_not_meant():
    for head in (
        b"A: b\r\nB: c\r\n",
        b"A: b\n",
        b"A: b\r\n \r\n",
        b"A: \x00\r\n",
        b"A b\r\n",
        b"A: " + b"x" * 999 + b"\r\n",
    ):
        with pytest.raises(compose.Unsafe):
            compose.verify(head, ["A"])
    compose.verify(b"A: b\r\n c\r\n", ["A"])


def test_parts_are_nested_as_programs_expect():
    picture = parts.file_part(Attachment(name="p.png", content=b"1", cid="p@x"))
    paper = parts.file_part(Attachment(name="d.pdf", content=b"2"))
    whole = read(compose.compose(draft(html='<img src="cid:p@x">', inline=(picture,), attached=(paper,))))
    shape = [part.get_content_type() for part in whole.walk()]
    assert shape == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "application/pdf",
    ]  # fmt: skip
    assert not [defect for part in whole.walk() for defect in part.defects]
    assert [part["Content-ID"] for part in whole.walk() if part["Content-ID"]] == ["<p@x>"]


def test_an_address_beyond_ascii_is_written_as_utf8_and_a_domain_in_a_labels():
    head = compose.compose(draft(to=(Mailbox("jürgen@bücher.example"),))).partition(b"\r\n\r\n")[0]
    assert "jürgen@xn--bcher-kva.example".encode() in head


def test_long_fields_are_folded_where_they_may_be():
    references = " ".join(f"<{number}@a.example>" for number in range(100))
    message = read(compose.compose(draft(headers=(("References", references),))))
    assert squeezed(message["References"]) == references
    with pytest.raises(words.BadText):
        compose.compose(draft(headers=(("References", f"<{'x' * 1000}>"),)))


def test_the_same_draft_is_the_same_message():
    assert compose.compose(draft(html="<b>é</b>")) == compose.compose(draft(html="<b>é</b>"))


def test_plain_text_says_what_html_says():
    html = "<head><title>no</title><style>no</style></head><h1>Hi &amp; all</h1><p>See <a href='https://x.example/'>this</a>.<ul><li>one<li>two</ul>"
    assert plain(html) == "Hi & all\n\nSee this (https://x.example/).\n\n- one\n- two"


@given(ANYTHING)
def test_any_html_gives_text(html):
    assert isinstance(plain(html), str)


def test_addresses_survive_another_reader():
    boxes = (Mailbox("a@b.example", 'Bob "x" \\ O, Neil;'), Mailbox("c@d.example", "Zoë"))
    head = compose.address_field("To", boxes).partition(": ")[2]
    assert [address for _, address in getaddresses([head.replace("\r\n", "")])] == ["a@b.example", "c@d.example"]
