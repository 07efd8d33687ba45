"""The tokenizer: cases of the standard, and lol_html as oracle for whatever hypothesis makes of markup."""

import sys

import lolhtml
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from estafette.tracking.html import MOST_LINKS, MOST_TAGS, scan

PIECES = st.sampled_from(
    [
        b'<a href="http://x/1">', b"<a href='http://x/2'>", b"<a href=http://x/3>", b'<A HREF = "http://x/4" >', b"</a>",
        b"<area href=q>", b"<a name=x>", b"<a/href='h'>", b"<a =href=x href=y>", b"<a href=x href=y>", b'<a\thref="">',
        b'<a\x0chref="f">', b"</a href=x>", b"<abbr href=q>", b"<!--", b"-->", b"--!>", b"<!-->", b"<!--->", b"->", b">",
        b"<", b'"', b"'", b"=", b"/", b" ", b"\n", b"!", b"-", b"a", b"href", b"text", b"\x00", b"\xff", b"<title>",
        b"</title>", b"</TITLE x>", b"<title/>", b"<textarea>", b"</textarea>", b"<script>", b"</script>", b"<style>",
        b"</style>", b"<xmp>", b"</xmp>", b"<noscript>", b"</noscript>", b"<iframe>", b"</iframe>", b"<noembed>",
        b"</noembed>", b"<noframes>", b"</noframes>", b"<svg>", b"</svg>", b"<svg/>", b"<math>", b"</math>", b"<g/>",
        b'<path d="M">', b"<desc>x</desc>", b"<foreignObject>", b"</foreignObject>", b"<![CDATA[", b"]]>", b"<p>",
        b"<!doctype html>", b"<?php", b"</", b"</ >", b'<b x="', b'<img alt="<a href=z>">', b"<select>", b"</select>",
        b"<plaintext>", b"<frameset>", b"<template>", b"<table>", b"<body>", b"</body>", b"</html>",
    ]
)  # fmt: skip


def values(page: bytes) -> list[bytes]:
    return [page[start:stop] for _, start, stop, _, _ in scan(page).anchors]


def oracle(page: bytes) -> list[str] | None:
    """Return what lol_html finds, None when it finds the page ambiguous."""
    found: list[str] = []

    class Handler:
        def element(self, element):
            found.append(element.get_attribute("href"))

    rewriter = lolhtml.HTMLRewriter(lambda _: None)
    for name in ("a[href]", "area[href]"):
        rewriter.on(name, Handler())
    try:
        rewriter.write(page)
        rewriter.end()
    except RuntimeError:
        return None
    return found


@settings(max_examples=1500, deadline=None)
@given(st.lists(PIECES, max_size=14).map(b"".join))
@example(b'<a href="http://x/1">')
def test_the_links_are_those_of_the_oracle(page):
    wanted = oracle(page)
    if wanted is None:
        return
    found = [value.decode("utf-8", "replace") for value in values(page)]
    assert found == (wanted if scan(page).whole else wanted[: len(found)])


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=300))
def test_octets_without_sense_are_read_without_error(page):
    found = scan(page)
    assert all(0 < name < start <= stop < len(page) for name, start, stop, _, _ in found.anchors)
    assert found.pixel is None or 0 <= found.pixel <= len(page)


@pytest.mark.parametrize(
    ("page", "found"),
    [
        (b"<A HREF=http://x/>", [b"http://x/"]),
        (b"<a class=x\r\n href = 'http://x/?a&amp;b'>", [b"http://x/?a&amp;b"]),
        (b'<a href="http://x', []),
        (b'<a href="x>y"><a href=z>', [b"x>y", b"z"]),
        (b"<a href=>", [b""]),
        (b"<a href>", []),
        (b"<a name=href>", []),
        (b"<title><a href=x></title><a href=y>", [b"y"]),
        (b"<textarea><a href=x></textareas></textarea ><a href=y>", [b"y"]),
        (b"<!--[if mso]><a href=x><![endif]--><a href=y>", [b"y"]),
        (b"<!--[if !mso]><!--><a href=x><!--<![endif]-->", [b"x"]),
        (b"<![if !mso]><a href=x><![endif]>", [b"x"]),
        (b"<svg><path d='M 0'/><title>a</title></svg><a href=y>", [b"y"]),
        (b"<svg><p><a href=y>", []),
        (b"<svg><![CDATA[<a href=x>]]></svg><a href=y>", []),
        (b"<script><!-- x --></script><a href=y>", [b"y"]),
        (b"<script><!--<script></script><a href=x>--></script><a href=y>", []),
        (b"<select><title></title></select><a href=y>", []),
        (b"<noscript>a</noscript><a href=y>", [b"y"]),
        (b"<noscript><!-- </noscript><a href=x>-->", []),
        (b"<plaintext><a href=x>", []),
        (b'<img alt="<a href=x>"><a href=y>', [b"y"]),
        (b"a < b <<a href=x> <3", [b"x"]),
    ],
)
def test_where_links_are(page, found):
    assert values(page) == found


@pytest.mark.parametrize(
    ("attribute", "out"),
    [
        (b'data-estafette-track="off"', True), (b"clicktracking=off", True), (b"clicktracking=on", False),
        (b"DISABLE-TRACKING=true", True), (b"data-pm-no-track", True), (b'title="track"', False),
    ],
)  # fmt: skip
def test_a_link_may_ask_not_to_be_tracked(attribute, out):
    for page in (b'<a %b href="http://x/">', b'<a href="http://x/" %b>', b'<a href="http://x/track" %b>'):
        (anchor,) = scan(page % attribute).anchors
        assert anchor[3] is out


@pytest.mark.parametrize(
    ("page", "rest"),
    [
        (b"<p>x</p></BODY></html>\r\n", b"</BODY></html>\r\n"),
        (b"<p>x</p>\r\n", b"\r\n"),
        (b"a</body><!-- </body> -->", b"</body><!-- </body> -->"),
        (b"a</body>b</body>", b"</body>"),
        (b"a<!-- ", None), (b"<p", None), (b"<title>a", None), (b"a</body><!-- ", b"</body><!-- "), (b"", b""),
    ],
)  # fmt: skip
def test_the_place_of_the_pixel_is_certain_or_none(page, rest):
    pixel = scan(page).pixel
    assert (None if pixel is None else page[pixel:]) == rest


@pytest.mark.parametrize(
    "unit",
    [
        b"<!--", b"<!-->", b"<!-- - -->", b"<title>", b"<title></title>", b"<", b'<a href="', b"<a href='x' ", b"<b>",
        b"<a>", b"<a >", b"</", b"</a ", b"<!", b"<?", b"<svg>", b"<svg></svg>", b"<svg><title>", b'"', b"='", b"&",
        b"<script><!--</script>", b"<style></stylex", b"<x " + b"a " * 90 + b">", b"<x " + b"a=b " * 500, b"\x00",
        b"</body>", b"<select>", b"<a\n/ href = http://e.e/ >", b'<a href="http://x.y/z">q</a>',
    ],
)  # fmt: skip
def test_steps_grow_no_faster_than_the_page(unit):
    def steps(count: int) -> int:
        taken = 0

        def count_call(_frame, event, _argument):
            nonlocal taken
            taken += event in {"call", "c_call"}

        page = unit * count
        sys.setprofile(count_call)
        try:
            scan(page)
        finally:
            sys.setprofile(None)
        return taken

    once, twice = steps(2_000), steps(4_000)
    assert twice <= 2.2 * once + 100
    assert twice <= 24 * 4_000


def test_a_page_without_end_is_read_to_a_limit():
    assert len(scan(b"<a href=x>" * (MOST_LINKS + 5)).anchors) == MOST_LINKS
    assert not scan(b"<a >" * (MOST_TAGS + 5)).whole
