from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model.event import Event, Reply
from estafette.model.user import LANGUAGES
from estafette.reporting.replies import LONGEST, general, grouped, meaning

HEARD = [
    line.split("\t")
    for line in (Path(__file__).parents[2] / "data" / "replies.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(("name", "code", "enhanced", "text"), HEARD)
def test_what_servers_say_is_understood(name, code, enhanced, text):
    found = meaning(Reply(int(code), enhanced.strip("-"), text))
    assert found.name == name
    assert all(found.words(language).endswith(".") for language in LANGUAGES)


def test_a_reason_of_ours_is_a_meaning_too():
    assert meaning(Reply(556, "", "the domain takes no mail"), "null_mx").name == "invalid_domain"


def deferred(text, code=450, enhanced="4.7.0"):
    return Event(1, 1.0, "deferred", "t", "s", 1, reply=Reply(code, enhanced, text))


def test_replies_that_differ_in_particulars_are_one():
    said = grouped([
        deferred("4.7.0 <ann@a.example>: slow down, 3 of 5 (id 7b2e0a8f1a2), see https://a.example/x?ann"),
        deferred("4.7.0 <bob@b.example>: slow down, 9 of 12 (id 99ffee0011), see https://a.example/x?bob"),
        deferred("policy"),
    ])  # fmt: skip
    assert [(each.meaning.name, each.count) for each in said] == [("rate_limited", 2), ("policy_rejected", 1)]
    assert said[0].sample == "…: slow down, … of … (id …), see …"


def test_an_event_without_reply_is_told_by_its_reason():
    (said,) = grouped([Event(1, 1.0, "deferred", "t", "s", 1, reason="tls_failed")])
    assert (said.meaning.name, said.sample) == ("tls_required_or_failed", "tls_failed")


@given(st.text(max_size=2_000), st.integers(0, 999), st.text(max_size=10))
def test_any_text_gets_a_meaning_and_a_short_sample(text, code, enhanced):
    assert len(general(text)) <= LONGEST
    assert meaning(Reply(code, enhanced, text)).name


@given(st.from_regex(r"[a-z]{1,10}@[a-z]{1,10}\.example", fullmatch=True))
def test_no_address_is_left_in_a_sample(address):
    assert "@" not in general(f"450 {address} <{address}> ({address}) rejected")
