import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estafette.mail.dkim.canonical import body_hash
from estafette.mail.dkim.sign import LIFETIME, Covered, fields_of, sign, signer_for
from estafette.mail.headers import Head

NOW = int(time.time())
HEAD = (
    b"From: Jos\xc3\xa9 <a@a.example>\r\nTo: b@b.example,\r\n\tc@c.example\r\nSubject:  two   words \r\nX-Free: 1\r\n"
)
BODIES = st.lists(
    st.sampled_from([b"\r\n", b" ", b"\t", b"a", b"text  here", b"\xe9", b" \r\n", b"."]), max_size=30
).map(b"".join)


def signed(message, *keys, now=NOW):
    head = Head.parse(message)
    covered = Covered.of(fields_of(head))
    hashed = body_hash(message[head.end :])
    return b"".join(sign(covered, hashed, signer_for(key), now=now) for key in keys) + message


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES)
def test_dkimpy_verifies_any_body(keys, verified, body):
    ended = body if not body or body.endswith(b"\r\n") else body + b"\r\n"
    seals = signed(HEAD + b"\r\n" + body, keys["rsa"], keys["ed25519"])[: -len(HEAD + b"\r\n" + body)]
    assert verified(seals + HEAD + b"\r\n" + ended) == [True, True]


def test_a_changed_body_or_a_second_from_is_not_verified(keys, verified):
    whole = signed(HEAD + b"\r\nbody\r\n", keys["rsa"])
    assert verified(whole) == [True]
    assert verified(whole.replace(b"body", b"bodY")) == [False]
    assert verified(b"From: evil@x\r\n" + whole) == [False]
    assert verified(b"Cc: evil@x\r\n" + whole) == [False]
    assert verified(b"X-Free: 2\r\n" + whole) == [True]


def test_repeated_fields_are_covered_each(keys, verified):
    message = b"From: a@a.example\r\nSubject: one\r\nsubject: two\r\nList-Id: x\r\n\r\nbody\r\n"
    whole = signed(message, keys["ed25519"])
    assert b"Subject:Subject:Subject" in whole.replace(b"\r\n\t", b"")
    assert verified(whole) == [True]
    assert verified(whole.replace(b"two", b"2")) == [False]


def test_times_and_lines(keys):
    whole = signed(HEAD + b"\r\n", keys["rsa"], now=1000)
    assert b"t=1000; x=%d;" % (1000 + LIFETIME) in whole
    assert b" l=" not in whole
    assert max(len(line) for line in whole.split(b"\r\n")) <= 120


def test_loaded_keys_are_kept(keys):
    assert signer_for(keys["rsa"]) is signer_for(keys["rsa"])


def test_damaged_keys_are_refused(keys):
    broken = type(keys["rsa"])(tenant="", domain="d", selector="s", kind="rsa", stage="active", private=b"junk")
    with pytest.raises(ValueError):
        signer_for(broken)
