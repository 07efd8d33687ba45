import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.tracking import reference


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a&amp;b", "a&b"), ("a&b=1", "a&b=1"), ("?a=1&copy=2", "?a=1&copy=2"), ("?a&copy;2", "?a\xa92"),
        ("?a&copyx", "?a&copyx"), ("a&copy", "a\xa9"), ("&#38;&#x26;&#38", "&&&"), ("&nosuch;", "&nosuch;"),
        ("&amp;amp;", "&amp;"), ("&", "&"), ("&;", "&;"), ("&lt;&quot;", '<"'),
    ],
)  # fmt: skip
def test_references_in_an_attribute(written, meant):
    assert reference.read(written) == meant


@given(st.text())
def test_what_is_escaped_is_read_as_it_was(text):
    assert reference.read(html.escape(text)) == text
