from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.mail.authentication_results import Finding, claims, field, without_claims

HOST = "mx1.relay.test"


def test_a_field_says_who_found_what() -> None:
    found = field(HOST, [Finding("spf", "pass", (("smtp.mailfrom", "a@far.test"),)), Finding("dkim", "none")])
    assert (
        found == b"Authentication-Results: mx1.relay.test;\r\n\tspf=pass smtp.mailfrom=a@far.test;\r\n\tdkim=none\r\n"
    )


def test_nothing_looked_at_is_none() -> None:
    assert field(HOST, ()) == b"Authentication-Results: mx1.relay.test; none\r\n"


@pytest.mark.parametrize(
    "value",
    [
        " mx1.relay.test; dkim=pass", "mx1.relay.test;dkim=pass", "\tMX1.Relay.TEST 1; none", " mx1.relay.test",
        " (a) mx1.relay.test; x", "\r\n (a (b) \\) c)\r\n\tmx1.relay.test; x", ' "mx1.relay.test"; x',
        ' "mx1\\.relay.test"; x', "mx1.relay.test.; x", "mx1.relay.test(x); x", " (never closed", "", " ;", ' "open',
    ],
)  # fmt: skip
def test_every_spelling_of_ours_is_ours_and_so_is_what_nobody_can_read(value: str) -> None:
    assert claims(value.encode(), HOST)


@pytest.mark.parametrize(
    "value", [" other.test; dkim=pass", " (mx1.relay.test) other.test; x", " xmx1.relay.test; x", ' "mx1.relay.test x"']
)
def test_what_others_say_is_theirs(value: str) -> None:
    assert not claims(value.encode(), HOST)


def test_only_claims_are_taken_out() -> None:
    body = (
        b"Received: x\r\nAuthentication-Results: mx1.relay.test;\r\n dkim=pass\r\nauthentication-results : MX1.relay.test; y\r\n"
        b"Authentication-Results: other.test; spf=pass\r\nX-Spam: no\r\nFrom: a@b.test\r\n\r\n"
        b"Authentication-Results: mx1.relay.test; body\r\n"
    )
    assert without_claims(body, HOST, also=frozenset({b"x-spam"})) == (
        b"Received: x\r\nAuthentication-Results: other.test; spf=pass\r\nFrom: a@b.test\r\n\r\n"
        b"Authentication-Results: mx1.relay.test; body\r\n"
    )


@given(st.text(max_size=400), st.text(max_size=400))
def test_hostile_values_stay_in_their_place(value: str, other: str) -> None:
    found = field(HOST, [Finding("spf", "fail", (("smtp.mailfrom", value), ("smtp.helo", other)))])
    assert found.isascii()
    head, *lines = found.split(b"\r\n")
    assert head == b"Authentication-Results: mx1.relay.test;"
    assert len(lines) == 2
    assert lines[1] == b""
    quoted = rb'(?:[^\s";()]*|"[!#-\[\]-~]*")'
    assert re.fullmatch(rb"\tspf=fail smtp\.mailfrom=" + quoted + rb" smtp\.helo=" + quoted, lines[0])


@given(st.binary(max_size=300))
def test_no_body_is_changed_but_by_its_claims(octets: bytes) -> None:
    body = b"From: a@b.test\r\n" + octets
    assert without_claims(body, HOST) == body or b"authentication-results" in octets.lower()


@given(
    st.lists(
        st.sampled_from([b" ", b"\t", b"\r\n ", b"(a)", b"(b (c))", b"(\\()", b"(mx1.relay.test;)"]), max_size=6
    ).map(b"".join),
    st.sampled_from([b"mx1.relay.test", b"MX1.RELAY.test", b'"mx1.relay.test"', b'"\\mx1.relay.test"']),
    st.sampled_from([b"", b";", b" 1;", b"(x);", b"\r\n ;"]),
)
def test_no_disguise_of_our_name_passes(before: bytes, name: bytes, after: bytes) -> None:
    body = b"Authentication-Results:" + before + name + after + b" dkim=pass\r\nFrom: a@b.test\r\n\r\n"
    assert without_claims(body, HOST) == b"From: a@b.test\r\n\r\n"
