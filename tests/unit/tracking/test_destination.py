import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.tracking.destination import LONGEST, destination, normal, tagged


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (b"https://x.example/a?b=1&amp;c=2#d", "https://x.example/a?b=1&c=2#d"),
        (b" \r\n HTTP://x.example ", "HTTP://x.example"),
        (b"ht\ntp://x.example/a\r\nb", "http://x.example/ab"),
        (b"&#104;ttp://x.example/", "http://x.example/"),
        (b"http://x.example/a b", "http://x.example/a%20b"),
        ("http://x.example/é?ü#ö".encode(), "http://x.example/%C3%A9?%C3%BC#%C3%B6"),
        ("http://bücher.example:80/".encode(), "http://xn--bcher-kva.example:80/"),
        (b"http://x.example:8080/", "http://x.example:8080/"),
        (b"http://x.example/a&copy=1", "http://x.example/a&copy=1"),
        (b"http://my_host.example/", "http://my_host.example/"),
        (b"http://user:pw@x.example/", ""), (b"http://[::1]/", ""), (b"http:///x", ""), (b"//x.example/", ""),
        (b"mailto:a@x.example", ""), (b"tel:1", ""), (b"#top", ""), (b"cid:1", ""), (b"javascript:x", ""),
        (b"data:text/html,http://x/", ""), (b"/path", ""), (b"", ""), (b"http://x.example/\x01a", ""),
        (b"http://x.example/\xff", ""), (b"http://x.example/" + b"a" * LONGEST, ""), (b"estafette:view", ""),
    ],
)  # fmt: skip
def test_where_a_value_leads(value, address):
    assert destination(value, "utf-8") == address


def test_a_query_in_another_charset_is_not_ours_to_encode():
    assert destination("http://x.example/é".encode("latin-1"), "iso8859-1") == "http://x.example/%C3%A9"
    assert destination("http://x.example/?é".encode("latin-1"), "iso8859-1") == ""


@given(st.text())
def test_an_address_can_stand_in_a_field_of_a_reply(text):
    for made in (normal(text), normal(f"http://x.example/{text}")):
        assert made == "" or (made.isascii() and made.isprintable() and " " not in made)
        assert made == "" or normal(made) == made


@pytest.mark.parametrize(
    ("address", "made"),
    [
        ("http://x/", "http://x/?utm_source=n&utm_medium=e"),
        ("http://x/?a=1#f", "http://x/?a=1&utm_source=n&utm_medium=e#f"),
        ("http://x/?utm_source=own", "http://x/?utm_source=own&utm_medium=e"),
        ("http://x/?a&", "http://x/?a&utm_source=n&utm_medium=e"),
        ("http://x/?utm_source=1&utm_medium=2", "http://x/?utm_source=1&utm_medium=2"),
        ("http://x/" + "a" * (LONGEST - 9), "http://x/" + "a" * (LONGEST - 9)),
    ],
)
def test_pairs_are_added_and_nothing_is_lost(address, made):
    assert tagged(address, "utm_source=n&utm_medium=e") == made
