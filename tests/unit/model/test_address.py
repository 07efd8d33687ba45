"""The address parser against tables, the standard's own examples, and laws."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model.address import AddressError, parse_mailboxes, parse_path


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a@B.Example", "a@b.example"),
        (b"Joe.Q+tag=x@b.de", "Joe.Q+tag=x@b.de"),
        (b'"a b"@b.de', '"a b"@b.de'),
        (b'"a"@b.de', "a@b.de"),
        (b'"a\\"\\b"@b.de', '"a\\"b"@b.de'),
        (b'""@b.de', '""@b.de'),
        (b"a@[192.0.2.1]", "a@[192.0.2.1]"),
        (b"a@[IPv6:2001:DB8::1]", "a@[IPv6:2001:db8::1]"),
        (b"x" * 64 + b"@b.de", "x" * 64 + "@b.de"),
        ("é@exämple.de".encode(), "é@xn--exmple-cua.de"),
        (b"a@xn--exmple-cua.de", "a@xn--exmple-cua.de"),
        (b"a%b@c.de", "a%b@c.de"),
        (b"a@localhost", "a@localhost"),
    ],
)
def test_good(raw, text):
    assert parse_path(raw, smtputf8=True).text == text


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"a", b"@", b"a@", b"@b.de", b"@x.de:a@b.de", b"a@b@c.de", b"a@b.", b"a@.b", b"a@b..c", b"a@-b.de", b"a@b-.de", b"a@b_c.de",
        b"a.@b.de", b".a@b.de", b"a..b@c.de", b"a b@c.de", b'"a@b.de', b'a"b"@c.de', b'"a"b@c.de', b'"a\r\nb"@c.de', b"a\0@b.de", b"a@b.de\n",
        b"x" * 65 + b"@b.de", b"a@" + b"b" * 64 + b".de", b"a@" + b"b." * 130 + b"de", b"a@1.2.3.4", b"a@[1.2.3]", b"a@[1.2.3.4", b"a@[IPv6:1::2::3]",
        b"a@[fe80::1]", b"a@[IPv6:fe80::1%eth0]", b"a@b.de:25", b"\xff@b.de", "a\u200b@b.de".encode(), "a\u202e@b.de".encode(), "a@b\u3002".encode(),
        b"a@xn--zzzzzz9.de", "a@ex\u2044ample.de".encode(), b"a,b@c.de", b"<a@b.de>", b"a@b.de ",
    ],
)  # fmt: skip
def test_bad(raw):
    with pytest.raises(AddressError) as caught:
        parse_path(raw, smtputf8=True)
    assert str(caught.value).isascii()


def test_beyond_ascii_needs_smtputf8():
    for raw in ("é@b.de", "a@é.de"):
        with pytest.raises(AddressError) as caught:
            parse_path(raw, smtputf8=False)
        assert caught.value.enhanced == "5.6.7"


@pytest.mark.parametrize("raw", [b"a%b@c.de", b"b!a@c.de", b'"a@b.de"@c.de'])
def test_routing_tricks_are_flagged(raw):
    assert parse_path(raw).has_routing


def test_unicode_form_is_kept():
    address = parse_path("a@Exämple.de", smtputf8=True)
    assert (address.domain, address.unicode, address.is_ascii, address.is_literal) == (
        "xn--exmple-cua.de",
        "exämple.de",
        True,
        False,
    )
    assert parse_path("A@b.de").key == "a@b.de"


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("a@b.de", ["a@b.de"]),
        (" Bob <a@b.de>\r\n", ["a@b.de"]),
        ('"Last, First" <a@b.de>, c@d.de (a (nested) comment, x@y.de)', ["a@b.de", "c@d.de"]),
        ("=?utf-8?q?B=C3=B6b?= <a@b.de>", ["a@b.de"]),
        ("Joe Q. Public <john.q.public@example.com>", ["john.q.public@example.com"]),
        ("A Group:Ed Jones <c@a.test>,joe@where.test;, x@y.de", ["c@a.test", "joe@where.test", "x@y.de"]),
        ("undisclosed-recipients:;", []),
        ("a@b.de,\r\n c@d.de", ["a@b.de", "c@d.de"]),
        ('"a b"@c.de', ['"a b"@c.de']),
        (",a@b.de,,", ["a@b.de"]),
        ("Böb <é@exämple.de>", ["é@xn--exmple-cua.de"]),
        ('"x <evil@x.de>" <a@b.de>', ["a@b.de"]),
    ],
)
def test_fields(value, texts):
    assert [address.text for address in parse_mailboxes(value)] == texts


@pytest.mark.parametrize(
    "value",
    [
        "a@b.de c@d.de", "Bob a@b.de", "<a@b.de> <c@d.de>", "a@b.de <c@d.de>", "<@x.de:a@b.de>", "a@b.de (open", 'a@b.de "open', "<a@b.de", "a@b.de>",
        "g: a@b.de", "g: h: a@b.de;;", "a@b.de;", "<>", "Bob <>", "a@b.de\r\nBcc: c@d.de", "a@b.de\nx@y.de", "a@b.de\0", "<<a@b.de>>", "a@[b] <a@b.de>",
        "a@ b.de@c.de", "a@b@c.de", "\\a@b.de",
    ],
)  # fmt: skip
def test_ambiguous_fields_are_refused(value):
    with pytest.raises(AddressError):
        parse_mailboxes(value)


@given(st.text(max_size=80) | st.binary(max_size=80))
def test_what_is_accepted_reads_the_same_again(raw):
    with contextlib.suppress(AddressError):
        address = parse_path(raw, smtputf8=True)
        assert parse_path(address.text, smtputf8=True).text == address.text
        assert "\r" not in address.text
        assert "\n" not in address.text


@given(
    st.lists(
        st.sampled_from(["a@b.de", "<", ">", ",", '"', "(", ")", ":", ";", "@", " ", "\\", "Bob", "\r\n "]), max_size=12
    ).map("".join)
)
def test_fields_never_raise_anything_else(value):
    with contextlib.suppress(AddressError):
        for address in parse_mailboxes(value):
            assert [each.text for each in parse_mailboxes(address.text)] == [address.text]


def test_deeply_nested_comments_take_no_stack():
    assert parse_mailboxes("(" * 50_000 + ")" * 50_000 + "a@b.de")[0].text == "a@b.de"
