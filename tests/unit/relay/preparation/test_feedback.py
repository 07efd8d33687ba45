"""Fields by which complaints find their way back: who gets them, what they say, and that signatures cover them."""

from __future__ import annotations

import re
from email import message_from_bytes

import msgspec
import pytest
from tests.unit.relay.preparation.test_prepare import BODY, SERVICE, TENANT, content, context, delivery, verified

from estafette.base.seal import Keyring
from estafette.mail import arf
from estafette.relay.preparation.feedback import mark
from estafette.relay.preparation.prepare import prepare
from estafette.tracking import token
from estafette.tracking.token import person_of
from estafette.tracking.writer import Writer

FIELDS = ("Feedback-ID", "List-Id", "CFBL-Address", "CFBL-Feedback-ID")


@pytest.fixture(scope="module")
def keyring(tmp_path_factory):
    return Keyring.create(tmp_path_factory.mktemp("keys") / "keyring")


@pytest.fixture
def written(keyring):
    def write(number=3, *, service=(SERVICE,), **changes):
        given = msgspec.structs.replace(context(service=service), writer=Writer(keyring, "https://t.example"))
        return prepare(content(**changes), [delivery(number)], given).body

    return write


def fields(message):
    parsed = message_from_bytes(message)
    return {name: parsed[name] for name in FIELDS if parsed[name] is not None}


@pytest.mark.parametrize(
    ("kind", "names"),
    [("personal", set()), ("transactional", set(FIELDS) - {"List-Id"}), ("bulk", set(FIELDS)), ("notice", set())],
)
def test_each_kind_of_stream_has_what_it_wants(written, kind, names):
    assert set(fields(written(kind=kind))) == names


def test_letters_of_the_service_have_none(written):
    assert fields(written(tenant="", kind="transactional")) == {}


def test_what_they_say(written, keyring):
    found = fields(written(kind="bulk", campaign="spring"))
    assert found["Feedback-ID"] == ":".join(
        (mark("t", "campaign", "spring"), mark("t", "stream", "s"), mark("t"), mark("bounces.example"))
    )
    assert all(5 <= len(each) <= 15 for each in found["Feedback-ID"].split(":"))
    assert found["List-Id"] == "<s.a.example>"
    assert found["CFBL-Address"] == "abuse@service.example; report=arf"
    target = token.read(keyring, found["CFBL-Feedback-ID"])
    assert (target.kind, target.tenant, target.stream, target.message, target.number, target.person) == (
        "complaint", "t", "s", 1 << 60, 3, person_of(keyring, "t", "b@b.example"),
    )  # fmt: skip


def test_signatures_cover_them(written):
    message = written(kind="bulk")
    assert verified(message) == [True, True]
    for name in FIELDS:
        assert len(re.findall(rb"\b%s\b" % name.encode(), message.partition(b"X-Estafette-Id: ")[0])) >= 2
        changed = re.sub(rb"(?m)^%s: .*$" % name.encode(), b"%s: <x>\r" % name.encode(), message)
        assert verified(changed) == [False, False]


def test_no_address_is_named_without_a_signature_of_its_domain(written):
    assert set(fields(written(kind="bulk", service=()))) == set(FIELDS) - {"CFBL-Address"}


def test_what_the_sender_wrote_stays_alone(written):
    own = b"Feedback-ID: 1:2:3:mine\r\nList-Id: <mine.example>\r\nCFBL-Address: me@a.example\r\n" + BODY
    message = written(kind="bulk", body=own)
    assert [message_from_bytes(message).get_all(name) for name in FIELDS] == [
        ["1:2:3:mine"], ["<mine.example>"], ["me@a.example"], None,
    ]  # fmt: skip


def test_a_signature_that_is_not_ours_stays_whole(written):
    assert fields(written(kind="bulk", body=b"DKIM-Signature: v=1; h=from; b=x\r\n" + BODY)) == {}


def test_a_retry_writes_the_same_and_another_recipient_another_mark(written):
    first, again, other = (fields(written(number)) for number in (3, 3, 4))
    assert first == again
    assert {name for name in first if first[name] != other[name]} == {"CFBL-Feedback-ID"}


@pytest.mark.parametrize("stream", ["news.letter", "", "x" * 64, "a b"])
def test_a_stream_that_is_no_label_has_no_list(written, stream):
    assert "List-Id" not in fields(written(kind="bulk", stream=stream))


def test_a_header_that_comes_back_is_known_again(written):
    report = b"Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b\r\n"
    report += b"Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n\r\n--b\r\n"
    report += b"Content-Type: message/rfc822\r\n\r\n" + written(kind="bulk") + b"\r\n--b--\r\n"
    found = arf.read(report)
    assert found is not None
    assert found.tokens[0] == fields(written(kind="bulk"))["CFBL-Feedback-ID"]
    assert TENANT.domain.encode() in found.returned
