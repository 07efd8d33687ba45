import io
import re
import time

import dkim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estafette.mail import verp
from estafette.mail.dkim.keys import generate_rsa, public_record
from estafette.model.domain import SigningKey
from estafette.model.message import Content, Delivery
from estafette.relay.preparation.context import PreparationContext
from estafette.relay.preparation.prepare import PIECE, prepare, prepare_streamed, shares_transaction

NOW = int(time.time())
BODY = b"From: a@a.example\r\nTo: b@b.example\r\nSubject: x\r\n\r\nhello \t world \r\n\r\n"


def key(domain):
    return SigningKey(tenant="t", domain=domain, selector="s", kind="rsa", stage="active", private=generate_rsa())


TENANT, SERVICE = key("a.example"), key("service.example")
ZONE = {f"s._domainkey.{each.domain}.": public_record(each.private) for each in (TENANT, SERVICE)}


def mac(data):
    return bytes(16)


def context(*, keys=(TENANT,), service=(SERVICE,), now=NOW):
    return PreparationContext(mac=mac, return_path_domain="bounces.example", keys=keys, service_keys=service, now=now)


def content(body=BODY, **changes):
    facts = {
        "id": 1 << 60, "tenant": "t", "stream": "s", "kind": "transactional", "credential": "c",
        "sender": "a@a.example", "header_from": "a.example", "size": len(body), "accepted": 0.0, "body": body,
    }  # fmt: skip
    return Content(**{**facts, **changes})


def delivery(number):
    return Delivery(
        1 << 60, number, "t", "s", 1, "b.example", "b.example", "b@b.example", "default", 0.0, 0.0, 9.0, 1, "a.example"
    )


def verified(message):
    def look_up(name, timeout=5):
        return ZONE[name.decode()].encode()

    return [dkim.DKIM(message).verify(n, dnsfunc=look_up) for n in range(message.count(b"DKIM-Signature:"))]


def about(sender):
    return verp.read(lambda data, tag: tag == mac(data), sender, "bounces.example")


def test_both_domains_sign_and_the_stored_bytes_end_the_message():
    done = prepare(content(), [delivery(3)], context())
    assert done.body.endswith(b"X-Estafette-Id: 1000000000000\r\n" + BODY)
    assert re.findall(rb" d=([a-z.]+);", done.body) == [b"a.example", b"service.example"]
    assert verified(done.body) == [True, True]


def test_the_id_is_covered_and_may_be_left_out():
    done = prepare(content(), [delivery(3)], context())
    assert verified(done.body.replace(b"Id: 1000000000000", b"Id: 1000000000001")) == [False, False]
    assert b"X-Estafette" not in prepare(content(show_id=False), [delivery(3)], context()).body


@pytest.mark.parametrize(
    ("kind", "number", "shared"), [("personal", 0, True), ("transactional", 3, False), ("bulk", 3, False)]
)
def test_return_paths(kind, number, shared):
    letter = content(kind=kind)
    assert about(prepare(letter, [delivery(3)], context()).sender) == (1 << 60, number)
    assert shares_transaction(letter, delivery(3)) is shared


def test_the_null_sender_stays_null():
    assert prepare(content(sender=""), [delivery(1)], context()).sender == ""


def test_no_keys_no_signature():
    assert (
        prepare(content(), [delivery(1)], context(keys=(), service=())).body
        == b"X-Estafette-Id: 1000000000000\r\n" + BODY
    )


def test_a_domain_signs_once():
    done = prepare(content(), [delivery(1)], context(keys=(TENANT, TENANT), service=(TENANT,)))
    assert done.body.count(b"DKIM-Signature:") == 1


def test_two_attempts_differ_in_times_and_seals_only():
    def bare(now):
        done = prepare(content(), [delivery(1)], context(now=now))
        return done.sender, re.sub(rb"([tx]=\d+;|\bb=[^:]+\r\n(?=\S))", b"", done.body)

    first, second = (prepare(content(), [delivery(1)], context(now=now)).body for now in (NOW, NOW + 100))
    assert first != second
    assert bare(NOW) == bare(NOW + 100)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 3 * PIECE), st.sampled_from([b"line of text \t\r\n", b" \r\n", b"\r\n", b"abc  d\t"]))
def test_a_body_in_a_file_gives_the_same_message(length, unit):
    whole = BODY + (unit * (length // len(unit) + 1))[:length].rstrip(b"\r") + b"\r\n"
    file = io.BytesIO(whole)
    letter = content(body=b"", file="f", size=len(whole))
    stream = prepare_streamed(letter, [delivery(2)], context(), file)
    pieces = list(stream.pieces())
    assert list(stream.pieces()) == pieces
    once = prepare(content(body=whole), [delivery(2)], context())
    assert b"".join(pieces) == once.body
    assert (stream.size, stream.sender) == (len(once.body), once.sender)
    assert max(map(len, pieces)) <= PIECE
    assert not file.closed
