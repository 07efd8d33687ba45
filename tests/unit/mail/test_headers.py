import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.base.errors import Refusal
from estafette.mail.headers import FIELDS_LIMIT, SECTION_LIMIT, Head, unfold

NAMES = st.sampled_from([b"From", b"TO", b"subject", b"X-Odd "])
VALUES = st.binary(max_size=40).map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b""))


def test_fields_lie_where_the_offsets_say():
    body = b"From: a@b\r\nSubject: one\r\n two\r\nTO : c@d\r\n\r\nhello"
    head = Head.parse(body)
    assert head.first(b"subject") == b" one\r\n two"
    assert unfold(head.first(b"subject")) == b"one two"
    assert head.get_all(b"to") == [b" c@d"]
    assert not head.contains(b"cc")
    assert body[head.end :] == b"hello"
    assert head.divided


@given(st.lists(st.tuples(NAMES, VALUES), max_size=20), st.binary(max_size=60))
def test_every_field_is_found_and_the_body_begins_behind_them(fields, rest):
    section = b"".join(b"%s:%s\r\n" % field for field in fields)
    head = Head.parse(section + b"\r\n" + rest)
    assert head.end == len(section) + 2
    assert [name for name, *_ in head.fields] == [name.strip().lower() for name, _ in fields]
    for name in {name.strip().lower() for name, _ in fields}:
        assert head.get_all(name) == [value for found, value in fields if found.strip().lower() == name]


@given(st.binary(max_size=300))
def test_any_octets_are_read_without_failing(raw):
    head = Head.parse(raw)
    assert 0 <= head.end <= len(raw)
    assert Head.parse(memoryview(raw)).fields == head.fields


def test_a_text_without_fields_is_all_body():
    head = Head.parse(b"no header here\r\nat all")
    assert (head.fields, head.end, head.divided) == ([], 0, False)


def test_a_line_that_is_no_field_hides_nothing_behind_it():
    head = Head.parse(b"From: a@b\r\nnonsense\r\nFrom: evil@c\r\n\r\n")
    assert head.get_all(b"from") == [b" a@b", b" evil@c"]


@pytest.mark.parametrize("section", [b"A: b\r\n" * (FIELDS_LIMIT + 1), b"A: " + b"x" * SECTION_LIMIT + b"\r\n"])
def test_too_large_a_section_is_refused(section):
    with pytest.raises(Refusal, match="552"):
        Head.parse(section + b"\r\nbody")
