import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.mail import list_unsubscribe
from estafette.mail.headers import Head
from estafette.mail.list_unsubscribe import TAG, Leaver, automatic

WHO = Leaver(5, 1 << 60, b"p" * 12)


def mac(data):
    return hmac.digest(b"key", data, hashlib.sha256)[:TAG]


def verify(data, tag):
    return hmac.compare_digest(mac(data), tag)


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1), st.binary(min_size=12, max_size=12))
def test_an_address_is_read_back_in_any_case(tenant, message, person):
    who = Leaver(tenant, message, person)
    address = list_unsubscribe.address(mac, who, "bounces.example")
    assert len(address.partition("@")[0]) == 64
    for shown in (address, address.upper(), address.title()):
        assert list_unsubscribe.read(verify, shown, "bounces.example") == who


@given(st.integers(0, 62), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_one_changed_character_makes_it_nobodys(at, letter):
    address = list_unsubscribe.address(mac, WHO, "b.example")
    changed = address[: at + 1] + letter + address[at + 2 :]
    read = list_unsubscribe.read(verify, changed, "b.example")
    assert (read is None) is (changed != address)


@given(st.text(max_size=90))
def test_anything_else_is_nobodys(text):
    for each in (text, f"{text}@b.example", f"u{text}@b.example"):
        assert list_unsubscribe.read(verify, each, "b.example") is None


def test_the_address_of_another_service_is_not_ours():
    address = list_unsubscribe.address(mac, WHO, "b.example")
    assert list_unsubscribe.read(verify, address, "c.example") is None
    moved = address.replace("b.example", "c.example")
    assert list_unsubscribe.read(verify, moved, "c.example") is None


def test_a_tag_or_a_person_of_another_length_is_no_address():
    for who, tag in ((WHO, lambda _: b"t" * 10), (Leaver(5, 6, b"p" * 11), mac)):
        with pytest.raises(ValueError, match="octets"):
            list_unsubscribe.address(tag, who, "b.example")


def test_the_fields_stand_on_a_line_each():
    page, mailbox = "https://t.example/u/abc", list_unsubscribe.address(mac, WHO, "b.example")
    assert (
        list_unsubscribe.fields(page, mailbox)
        == (
            f"List-Unsubscribe: <{page}>, <mailto:{mailbox}?subject=unsubscribe>\r\n"
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        ).encode()
    )
    assert b"mailto" not in list_unsubscribe.fields(page, "")


@pytest.mark.parametrize(
    ("sender", "field", "is_automatic"),
    [
        ("ann@example.net", "Subject: unsubscribe", False),
        ("ann@example.net", "Auto-Submitted: no", False),
        ("ann@example.net", "Auto-Submitted: auto-generated", False),  # a mail program wrote it for its reader
        ("", "Subject: unsubscribe", True),
        ("ann@example.net", "Auto-Submitted: auto-replied", True),
        ("ann@example.net", "Auto-Submitted: Auto-Replied (vacation)", True),
        ("ann@example.net", "Auto-Submitted: auto-replied; owner-email=x", True),
        ("ann@example.net", "Content-Type: multipart/report; report-type=delivery-status", True),
        ("ann@example.net", "Precedence: auto_reply", True),
        ("ann@example.net", "Precedence: bulk", True),
        ("ann@example.net", "X-Autoreply: yes", True),
        ("ann@example.net", "Content-Type: text/plain", False),
    ],
)
def test_what_answers_by_itself_asks_for_nothing(sender, field, is_automatic):
    assert automatic(sender, Head.parse(f"From: a@b.example\r\n{field}\r\n\r\nhi\r\n".encode())) is is_automatic
