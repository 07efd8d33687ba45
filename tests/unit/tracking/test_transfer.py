"""Edits inside of transfer encodings, against the standard library's decoders."""

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.mail.fixups import overlong
from estafette.mail.overlong import quoted_printable
from estafette.tracking.edit import Edit, applied
from estafette.tracking.transfer import Change, opened

LINES = st.lists(
    st.text(st.sampled_from("ab= é<>\"'\t.€"), max_size=200).map(str.encode), min_size=1, max_size=12
).map(b"\r\n".join)  # fmt: skip
ADDRESS = b'href="https://t.example/c/' + b"Ab-_0" * 60 + b'"'


@st.composite
def changed(draw):
    text = draw(LINES)
    # No change begins or ends inside of a line end.
    places = [at for at in range(len(text) + 1) if text[max(at - 1, 0) : at + 1] != b"\r\n"]
    cuts = sorted(draw(st.lists(st.sampled_from(places), min_size=2, max_size=8)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    return text, [Change(start, stop, ADDRESS) for start, stop in spans]


def plainly(text: bytes, changes: list[Change]) -> bytes:
    return applied(text, [Edit(each.start, each.stop, each.text) for each in changes])


def written(octets: bytes, encoding: bytes, changes: list[Change]) -> tuple[bytes, bytes]:
    """Return the octets after the edits, made inside of a message, and what of the message lies around them."""
    message = b"before" + octets + b"\r\nbehind"
    transfer = opened(message, 6, 6 + len(octets), encoding)
    assert transfer is not None
    made = applied(message, transfer.edits(changes))
    assert made.startswith(b"before")
    assert made.endswith(b"\r\nbehind")
    return made[6:-8], transfer.text


@given(changed())
def test_quoted_printable_keeps_its_other_lines(given_):
    text, changes = given_
    octets = quoted_printable(text)
    made, read = written(octets, b"quoted-printable", changes)
    assert read == text
    assert quopri.decodestring(made) == plainly(text, changes)
    assert max(map(len, made.split(b"\r\n"))) <= 77
    lines = octets.split(b"\r\n")
    for count in range(len(lines)):
        before, behind = b"".join(line + b"\r\n" for line in lines[:count]), b"\r\n".join(lines[count:])
        if len(quopri.decodestring(before)) <= changes[0].start:
            assert made.startswith(before)
        if len(text) - len(quopri.decodestring(behind)) > changes[-1].stop:
            assert made.endswith(behind)


@given(changed(), st.sampled_from([4, 60, 64, 76]), st.booleans())
def test_base64_keeps_its_rows_and_what_precedes(given_, row, ended):
    text, changes = given_
    letters = base64.b64encode(text)
    lines = [letters[at : at + row] for at in range(0, len(letters), row)]
    octets = b"\r\n".join(lines) + (b"\r\n" if ended else b"")
    if not text:
        assert opened(octets, 0, len(octets), b"base64") is None
        return
    made, read = written(octets, b"base64", changes)
    assert read == text
    assert base64.b64decode(made) == plainly(text, changes)
    assert made.endswith(b"\r\n") is ended
    before = changes[0].start * 4 // 3 // row
    assert made.split(b"\r\n")[:before] == lines[:before]
    width = max(map(len, lines)) if len(lines) > 1 else row
    assert len(lines) == 1 or max(map(len, made.split(b"\r\n"))) == width


@given(changed())
def test_a_plain_text_changes_where_it_is_told(given_):
    text, changes = given_
    made, read = written(text, b"8bit", changes)
    assert read == text
    assert made.replace(b"\r\n", b"") == plainly(text, changes).replace(b"\r\n", b"") or made == text
    assert not overlong(made)


def test_a_long_line_is_broken_at_the_changes_or_left():
    text = b"<a " + b'href="x" ' + b"y" * 970
    made, _ = written(text, b"7bit", [Change(3, 11, ADDRESS)])
    assert made == b"<a \r\n" + ADDRESS + b"\r\n " + b"y" * 970
    long = [Change(3, 11, b"z" * 1100)]
    assert written(text, b"7bit", long)[0] == text
    assert written(text, b"7bit", [Change(3, 11, ADDRESS, breakable=False)])[0] == text


@pytest.mark.parametrize(
    ("octets", "encoding"),
    [
        (b"a=zz", b"quoted-printable"), (b"a=\r\nb=", b"quoted-printable"), (b"a= \r\nb", b"quoted-printable"),
        (b"a==3D", b"quoted-printable"), (b"a=\rb=zz", b"quoted-printable"), (b"a\nb", b"quoted-printable"), (b"a", b"x-uuencode"), (b"YQ==\r\nYQ==", b"base64"), (b"Y Q==", b"base64"),
        (b"YWI", b"base64"), (b"!!!!", b"base64"), (b"", b"base64"), (b"YWJj\r\n\r\nYWJj", b"base64"),
    ],
)  # fmt: skip
def test_what_readers_may_decode_in_two_ways_is_left_alone(octets, encoding):
    assert opened(octets, 0, len(octets), encoding) is None
