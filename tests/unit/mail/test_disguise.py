"""Names that a reader could take for From or Sender."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.mail.disguise import disguised_author
from estafette.mail.headers import Head


def _head(*names: bytes) -> Head:
    return Head.parse(b"".join(name + b": x@y.test\r\n" for name in names) + b"\r\n")


@pytest.mark.parametrize(
    "name",
    [
        b"From\x00", b"From\x0b", b"\xa0From", b"\x7fSender", b"Fr om", b"SEN\x01DER", "\uff26rom".encode(),
        "\u017fender".encode(), "F\u200brom".encode(), "\uff26\u200brom".encode(), "Fr\u00f3m".encode(),
    ],
)  # fmt: skip
def test_a_name_that_reads_as_an_author_is_found(name: bytes) -> None:
    assert disguised_author(_head(b"From", b"Subject", name)) == name.lower()


def test_a_blank_before_the_first_field_hides_nothing() -> None:
    assert disguised_author(Head.parse(b" From: a@b.test\r\nSubject: x\r\n\r\n")) == b" from"


@pytest.mark.parametrize("names", [(b"From", b"Sender"), (b"From", b"From "), (b"X-From", b"Sujet-\xe9t\xe9"), ()])
def test_other_names_are_left_alone(names: tuple[bytes, ...]) -> None:
    assert disguised_author(_head(*names)) == b""


@given(st.lists(st.integers(0, 255).filter(lambda octet: not 33 <= octet <= 126 and octet not in b"\r\n"), max_size=6))
def test_octets_that_cannot_be_seen_never_hide_an_author(octets: list[int]) -> None:
    name = b"fr" + bytes(octets) + b"om"
    found = disguised_author(Head.parse(b"Subject: x\r\n" + name + b": a@b.test\r\n\r\n"))
    assert found == (name.lower() if octets else b"")
