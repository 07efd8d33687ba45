"""UUIDs of messages: ours come back as what they name, others name nothing."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.web.dialects.numbers import message_of, recipient_of, universal


@given(message=st.integers(1, (1 << 63) - 1), number=st.integers(0, 1 << 31))
def test_a_message_is_found_again_by_its_uuid(message, number):
    named = universal(message, number)
    assert (message_of(named), uuid.UUID(named).version) == (message, 8)
    assert recipient_of(named) == (message, number)


@pytest.mark.parametrize(
    "name", ["", "nothing", str(uuid.UUID(int=(1 << 128) - 1)), "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"]
)
def test_what_we_did_not_name_is_no_message(name):
    with pytest.raises(ValueError, match=r"UUID|hexadecimal"):
        message_of(name)
