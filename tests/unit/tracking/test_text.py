from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.tracking.text import links


def found(text: bytes) -> list[bytes]:
    return [text[start:stop] for start, stop in links(text)]


@pytest.mark.parametrize(
    ("text", "those"),
    [
        (
            b"see http://x.example/a?b=1&c=2, or (https://y.example/).",
            [b"http://x.example/a?b=1&c=2", b"https://y.example/"],
        ),
        (b"<http://x.example/>\r\nHTTP://X.EXAMPLE", [b"http://x.example/".lower(), b"HTTP://X.EXAMPLE"]),
        (b"http://x.example/a_(b) and (http://x.example/a_(b))", [b"http://x.example/a_(b)"] * 2),
        (b"estafette:unsubscribe. estafette:viewer", [b"estafette:unsubscribe"]),
        (b'xhttp://x.example/ "http://y.example/"', [b"http://y.example/"]),
        (b"http:// mailto:a@x.example www.x.example", []),
    ],
)
def test_links_of_a_text(text, those):
    assert found(text) == those


@given(st.text(st.sampled_from("htp:/s.)(,x estafette:view\n")).map(str.encode))
def test_links_are_apart_and_in_order(text):
    spans = list(links(text))
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert all(start < stop for start, stop in spans)
