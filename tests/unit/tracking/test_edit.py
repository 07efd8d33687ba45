import io

from hypothesis import given
from hypothesis import strategies as st

from estafette.tracking.edit import Edit, applied, growth, streamed


@st.composite
def edited(draw):
    octets = draw(st.binary(max_size=200))
    cuts = sorted(draw(st.lists(st.integers(0, len(octets)), max_size=8)))
    return octets, [Edit(a, b, draw(st.binary(max_size=30))) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]


@given(edited(), st.integers(1, 20), st.integers(0, 5))
def test_a_file_is_edited_as_octets_are(given_, piece, offset):
    octets, edits = given_
    whole = applied(octets, edits)
    pieces = list(streamed(io.BytesIO(octets), edits, piece))
    assert b"".join(pieces) == whole
    assert all(len(each) <= piece for each in pieces)
    assert len(whole) == len(octets) + growth(edits)
    moved = [Edit(each.start + offset, each.stop + offset, each.text) for each in edits]
    assert applied(octets, moved, offset) == whole


@given(edited())
def test_a_file_may_be_read_from_before_its_first_edit(given_):
    octets, edits = given_
    at = edits[0].start if edits else len(octets)
    assert b"".join(streamed(io.BytesIO(octets), edits, 7, at)) == applied(octets, edits)[at:]
