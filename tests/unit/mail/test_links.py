"""Pairs that are added to the query of links."""

import html
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.mail.links import is_query, tagged

TAGS = "utm_source=shop&utm_medium=email"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<a href="https://x.example">a</a>', '<a href="https://x.example?utm_source=shop&amp;utm_medium=email">a</a>'),
        (
            "<A class=b HREF = 'http://x.example/p?q=1#top'>",
            "<A class=b HREF = 'http://x.example/p?q=1&amp;utm_source=shop&amp;utm_medium=email#top'>",
        ),
        (
            '<a href="https://x.example?utm_source=own&amp;b=2">',
            '<a href="https://x.example?utm_source=own&amp;b=2&amp;utm_medium=email">',
        ),
        ('<a href="https://x.example/?a=1&amp;">', '<a href="https://x.example/?a=1&amp;utm_source=shop&amp;utm_medium=email">'),
        ('<a href="https://x.example/&#38;b">', '<a href="https://x.example/&#38;b?utm_source=shop&amp;utm_medium=email">'),
    ],
)  # fmt: skip
def test_links_get_what_they_do_not_say(before, after):
    assert tagged(before, TAGS) == after


@pytest.mark.parametrize(
    "text",
    [
        '<a href="mailto:a@b.example">', '<img src="https://x.example/a.png">', "https://x.example",
        '<a href="https://x.example?utm_source=a&utm_medium=b">', '<area href="https://x.example">', "<a href=#top>",
    ],
)  # fmt: skip
def test_what_is_no_link_to_the_web_stays(text):
    assert tagged(text, TAGS) == text
    assert tagged('<a href="https://x.example">', "") == '<a href="https://x.example">'


@pytest.mark.parametrize("text", ["a=b", TAGS, "a=", "a=%20b&c=d+e"])
def test_pairs_are_a_query(text):
    assert is_query(text)


@pytest.mark.parametrize("text", ["", "a", "?a=b", "a=b&", 'a="', "a=<b>", "a=b c", "é=1", "a=" + "b" * 1000])
def test_what_is_none(text):
    assert not is_query(text)


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - the name in html.parser
        self.found += [value for name, value in attrs if name == "href"]


@given(st.text(alphabet="abc?&=#/;amp%1", max_size=30))
def test_a_link_says_what_it_said_and_the_pairs(rest):
    address = f"https://x.example/{rest}"
    links = _Links()
    links.feed(tagged(f'<a href="{html.escape(address)}">', TAGS))
    before, after = urlsplit(address), urlsplit(links.found[0])
    assert (after.path, after.fragment) == (before.path, before.fragment)
    said = parse_qsl(before.query, keep_blank_values=True)
    pairs = parse_qsl(after.query, keep_blank_values=True)
    assert [pair for pair in pairs if not pair[0].startswith("utm_")] == said
    assert dict(pairs)["utm_source"] == "shop"
