from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.base.ids import read, show
from estafette.mail.headers import Head
from estafette.mail.thread import MOST, Answered, answered, own_id, writers

ID = 0x0123456789ABCDE
SHOWN = show(ID).lower()


def head(*fields: str) -> Head:
    return Head.parse("".join(f"{each}\r\n" for each in fields).encode() + b"\r\n")


def test_the_nearest_stands_first_and_each_once():
    other = show(ID + 1).lower()
    fields = (f"References: <{other}.7@a.test> <x@y> <{SHOWN}@b.test>", f"In-Reply-To: <{SHOWN}@b.test>")
    assert answered(head(*fields)) == (Answered(ID, 0, "b.test"), Answered(ID + 1, 7, "a.test"))


def test_an_id_in_capitals_and_behind_words_is_read():
    assert answered(head(f"In-Reply-To: Your message of Monday\r\n <{SHOWN.upper()}@B.test>")) == (
        Answered(ID, 0, "b.test"),
    )


@pytest.mark.parametrize(
    "text", ["", "<>", f"<{SHOWN}x@a.test>", f"<{SHOWN}.0@a.test>", f"<{SHOWN}@>", f"{SHOWN}@a.test", f"<z{SHOWN}@a>",
             "<zzzzzzzzzzzzz@a.test>"]
)  # fmt: skip
def test_what_is_no_id_of_ours_is_passed_over(text):
    assert answered(head(f"In-Reply-To: {text}")) == ()


def test_of_a_long_thread_the_last_ones_count():
    many = "\r\n ".join(f"<{show(ID + n).lower()}@a.test>" for n in range(3_000))
    found = answered(head(f"References: {many}"))
    assert found[0].message == ID + 2_999
    assert len(found) == MOST


@given(st.binary(max_size=300))
def test_whatever_stands_there_ends_in_ids_or_nothing(junk):
    found = Head.parse(b"In-Reply-To: " + junk + b"\r\nFrom: " + junk + b"\r\nMessage-ID: " + junk + b"\r\n\r\n")
    assert all(read(show(each.message)) == each.message for each in answered(found))
    assert all("@" in each for each in writers(found))
    assert own_id(found).startswith(("<", "digest:"))


def test_who_wrote_is_compared_in_one_form_and_two_fields_name_nobody():
    assert writers(head("From: Ann <Ann@Example.COM>, bob@b.test")) == {"ann@example.com", "bob@b.test"}
    assert writers(head("From: a@b.test", "From: c@d.test")) == frozenset()
    assert writers(head("From: Ann")) == frozenset()


def test_copies_of_a_message_have_one_name_and_others_another():
    assert own_id(head("Message-ID: <1@b.test>")) == "<1@b.test>"
    first = head("From: a@b.test", "Date: now", "Subject: x")
    assert own_id(first) == own_id(head("Received: there", "From: a@b.test", "Date: now", "Subject: x"))
    assert own_id(first) != own_id(head("From: a@b.test", "Date: later", "Subject: x"))
