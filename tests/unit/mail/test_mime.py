from hypothesis import given
from hypothesis import strategies as st

from estafette.mail.mime import DEPTH_LIMIT, PARTS_LIMIT, spans

PIECES = st.sampled_from(
    [
        b"--a", b"--a--", b"--b", b"--b--", b"\r\n", b"text", b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"Content-Type: text/html\r\n", b"Content-Transfer-Encoding: base64\r\n", b"\r\n\r\n", b"--", b" ", b"\x00\xff",
    ]
)  # fmt: skip


def message(boundary: bytes, *parts: bytes) -> bytes:
    mark = b"\r\n--" + boundary
    return (
        b"Content-Type: multipart/mixed; boundary="
        + boundary
        + b"\r\n"
        + b"".join(mark + b"\r\n" + part for part in parts)
        + mark
        + b"--\r\n"
    )


@given(st.lists(PIECES, max_size=60))
def test_parts_nest_and_never_overlap(pieces):
    data = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"".join(pieces)
    parts = spans(data)
    for index, part in enumerate(parts):
        assert 0 <= part.start <= part.body <= part.stop <= len(data)
        assert part.parent < index
        if part.parent >= 0:
            assert parts[part.parent].body <= part.start
            assert part.stop <= parts[part.parent].stop
    siblings = {}
    for part in parts:
        assert siblings.get(part.parent, 0) <= part.start
        siblings[part.parent] = part.stop


@given(st.binary(max_size=400))
def test_any_octets_are_read(data):
    assert spans(data)[0].stop == len(data)


def test_types_encodings_and_bodies():
    inner = b"Content-Type: text/HTML; charset=x\r\nContent-Transfer-Encoding: Base64\r\n\r\nQUJD"
    nested = (
        b'Content-Type: multipart/alternative;\r\n\tboundary="i n"\r\n\r\npre\r\n--i n\r\n\r\nplain\r\n--i n\r\n'
        + inner
        + b"\r\n--i n--\r\nepilogue"
    )
    data = message(b"out", nested, b"\r\nlast")
    found = [(part.type, part.encoding, part.depth, data[part.body : part.stop]) for part in spans(data)[2:]]
    assert found == [
        (b"text/plain", b"7bit", 2, b"plain"),
        (b"text/html", b"base64", 2, b"QUJD"),
        (b"text/plain", b"7bit", 1, b"last"),
    ]


def test_an_unclosed_multipart_reaches_to_the_end():
    data = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\ncut off"
    assert data[spans(data)[1].body :] == b"cut off"


def test_too_many_parts_are_opaque():
    parts = spans(message(b"a", *[b"\r\nx"] * (PARTS_LIMIT + 1)))
    assert [part.opaque for part in parts] == [True]


def test_too_deep_nesting_is_opaque():
    data = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(DEPTH_LIMIT + 5)
    )
    assert [part.opaque for part in spans(data)] == [True]
