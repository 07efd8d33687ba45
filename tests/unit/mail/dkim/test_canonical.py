import hashlib
from itertools import pairwise

from dkim.canonicalization import Relaxed
from hypothesis import given
from hypothesis import strategies as st

from estafette.mail.dkim.canonical import BodyHash, body_hash, relaxed_body, relaxed_field

PIECES = st.lists(
    st.sampled_from([b"\r\n", b" ", b"\t", b"  \t", b"a", b"word", b"\xe9", b"=20", b"        ", b" \r\n", b"\x0b"]),
    max_size=60,
)


@given(PIECES)
def test_bodies_are_those_of_dkimpy(pieces):
    body = b"".join(pieces) + b"\r\n"
    expected = Relaxed.canonicalize_body(body)
    assert relaxed_body(body) == (b"" if expected == b"\r\n" else expected)


@given(PIECES)
def test_a_missing_last_line_end_is_added_by_the_transfer(pieces):
    body = b"".join(pieces)
    if not body.endswith(b"\r\n"):
        assert relaxed_body(body) == relaxed_body(body + b"\r\n")


@given(PIECES, st.lists(st.integers(0, 200), max_size=12))
def test_pieces_hash_as_the_whole(pieces, cuts):
    body = b"".join(pieces)
    hashed = BodyHash()
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    for start, stop in pairwise(places):
        hashed.update(body[start:stop])
    assert hashed.digest() == body_hash(body) == hashlib.sha256(relaxed_body(body)).digest()


@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n ", b"b:", b"\xc3\xa9"]), max_size=20))
def test_fields_are_those_of_dkimpy(pieces):
    value = b"".join(pieces)
    ((name, expected),) = Relaxed.canonicalize_headers([(b"Subject", value + b"\r\n")])
    assert relaxed_field(b"subject", value) + b"\r\n" == name + b":" + expected


def test_only_space_and_tab_are_blanks():
    assert relaxed_field(b"x", b" a\x0b \tb\x0c\r\n c ") == b"x:a\x0b b\x0c c"
