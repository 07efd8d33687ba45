"""Reports of complaints: golden ones with their provenance, and whatever a stranger may send."""

from __future__ import annotations

import re
import time
import tomllib
from pathlib import Path
from typing import Any

import hypothesis
import msgspec
import pytest
from hypothesis import strategies as st

from estafette.mail import arf
from estafette.mail.arf import FeedbackReport

FOLDER = Path(__file__).parents[2] / "data" / "complaints"
GOLDEN: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "provenance.toml").read_text())
FAILED = Path(__file__).parents[2] / "data" / "reports" / "failed.eml"


def golden(name: str) -> bytes:
    return (FOLDER / f"{name}.eml").read_bytes()


def read(message: bytes) -> FeedbackReport:
    found = arf.read(message)
    assert found is not None
    return found


def test_every_report_has_a_provenance_and_is_read() -> None:
    assert {path.stem for path in FOLDER.glob("*.eml")} == set(GOLDEN)
    assert {each["source"] for each in GOLDEN.values()} == {"standard", "recorded", "form"}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str) -> None:
    found = msgspec.json.decode(msgspec.json.encode(msgspec.structs.replace(read(golden(name)), returned=b"")))
    expected = GOLDEN[name]["read"]
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize("ends", [b"\r\n", b"\n", b"\r"])
def test_line_ends_do_not_matter(name: str, ends: bytes) -> None:
    message = golden(name)
    assert arf.read(message.replace(b"\n", ends)) == read(message)


def test_other_mail_is_no_report() -> None:
    assert arf.read(FAILED.read_bytes()) is None
    assert arf.read(b"") is None
    assert arf.read(b"Subject: complaint about message from 192.0.2.1\r\n\r\nI am angry\r\n") is None
    assert arf.read(b"Subject: hello\r\n\r\nFeedback-Type: abuse\r\n") is None


def test_a_report_that_does_not_say_what_it_is_for_is_filed() -> None:
    assert read(golden("yahoo").replace(b"Feedback-Type: abuse", b"Feedback-Type: whatever")).effect == "filed"
    assert read(golden("yahoo").replace(b"Feedback-Type: abuse\n", b"")).effect == "filed"
    assert read(golden("yahoo").replace(b"message/feedback-report", b"text/plain")).kind == ""


def test_folded_marks_are_joined_and_addresses_of_ours_found() -> None:
    copy = b"Return-Path: <rabc@bounces.test>\nList-Unsubscribe: <https://t.test/u/%s>,\n <mailto:x@y.test>\nCFBL-Feedback-ID: %s\n %s\n"
    token, first, second = b"T" * 40, b"A" * 30, b"B" * 30
    message = golden("fastmail").replace(b"Return-Path: <sender@example.net>\n", copy % (token, first, second))
    found = read(message)
    assert found.tokens == ((first + second).decode(), token.decode())
    assert found.paths == ("sender@example.net", "rabc@bounces.test")


def test_marks_are_found_in_what_people_forward() -> None:
    token = b"T" * 90
    attached = b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nlook!\n--b\nContent-Type: message/rfc822\n\n'
    attached += b"Return-Path: <rabc@bounces.test>\nCFBL-Feedback-ID: %s\n\nx\n--b--\n" % token
    assert arf.marks(attached) == (("rabc@bounces.test",), (token.decode(),))
    inline = b"Subject: stop\n\n> https://t.test/u/%s=\n%s\n" % (token[:40], token[40:])
    assert arf.marks(inline) == ((), (token.decode(),))
    assert arf.marks(b"Subject: hello\n\nhello\n") == ((), ())


def test_words_of_strangers_are_one_harmless_line() -> None:
    message = golden("yahoo").replace(b"Yahoo!-Mail-Feedback/2.0", b"\x1b[31m\xff\n  evil\x00" + b"x" * 9_000)
    found = read(message)
    assert found.agent.isascii()
    assert found.agent.isprintable()
    assert len(found.agent) < 6_000


@pytest.mark.parametrize(
    "message",
    [
        b"Content-Type: multipart/report; report-type=feedback-report; boundary=a\r\n\r\n" + b"--a\r\n" * 200_000,
        b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(5_000)),
        b"Content-Type: message/rfc822\r\n\r\n" * 50_000,
        golden("yahoo") + b"x" * (50 << 20),
        golden("yahoo").replace(b"News\n\n", b"X-A: <" * 200_000 + b"\n\n"),
        golden("yahoo").replace(b"Version: 0.1", b"\n".join(b"Reported-Uri: http://t/u/" + b"a" * 900 for _ in range(3_000))),
        golden("comcast-validity").replace(b"RmVl", b"=" * 100_000),
        b"Subject: x\r\n" + b"A: b\r\n" * 400_000,
        b"\r\n" * 1_000_000,
    ],
    ids=["parts", "depth", "nested", "large", "field", "uris", "base64", "header", "lines"],
)  # fmt: skip
def test_hostile_reports_are_bounded(message: bytes) -> None:
    begun = time.process_time()
    found = arf.read(message)
    arf.marks(message)
    assert time.process_time() - begun < 2
    assert found is None or len(msgspec.msgpack.encode(found)) < 300_000


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(st.sampled_from(sorted(GOLDEN)), st.lists(st.tuples(st.integers(0, 4_000), st.binary(max_size=12))))
def test_damaged_reports_never_fail(name: str, damage: list[tuple[int, bytes]]) -> None:
    message = golden(name)
    for place, octets in damage:
        message = message[:place] + octets + message[place + len(octets) :]
    found = arf.read(message)
    arf.marks(message)
    if found is not None:
        words = [found.kind, found.agent, found.programme, found.sender, *found.recipients, *found.paths, *found.tokens]
        assert all(word.isascii() and word.isprintable() for word in words)


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(st.binary(max_size=2_000))
def test_any_octets(message: bytes) -> None:
    arf.read(message)
    arf.read(b"Content-Type: multipart/report; report-type=feedback-report; boundary=a\r\n\r\n--a\r\n" + message)


XARF = golden("xarf4")


@pytest.mark.parametrize(
    ("old", "new", "effect", "kind"),
    [
        (b'"type": "spam"', b'"type": "bulk_messaging"', "complaint", "bulk_messaging"),
        (b'"type": "spam"', b'"type": "phishing"', "filed", "phishing"),
        (b'"type": "spam"', b'"type": "login_attack"', "filed", "login_attack"),
        (b'"type": "spam"', b'"type": 7', "filed", "xarf"),
        (b'"xarf_version"', b"[[[", "filed", "xarf"),
        (b"application/json", b"text/plain", "filed", "xarf"),
        (b'"smtp_to": "ann@mailbox.example"', b'"smtp_to": "' + b"\\u001b" * 9_000 + b'"', "complaint", "spam"),
        (b'"subject": "News"', b'"subject": ' + b"[" * 100_000 + b"]" * 100_000, "filed", "xarf"),
    ],
)
def test_what_json_says_of_an_abuse_decides_and_what_cannot_be_read_is_filed(old, new, effect, kind) -> None:
    assert XARF.count(old) == 1
    found = read(XARF.replace(old, new))
    assert (found.effect, found.kind) == (effect, kind)
    assert all(word.isascii() and word.isprintable() for word in (found.kind, *found.recipients))


def test_evidence_that_is_no_message_or_no_base64_proves_nothing() -> None:
    payload = re.search(rb'"payload": "([\w+/]+=*)"', XARF)
    assert payload is not None
    assert read(XARF.replace(payload[1], b"@@@@")).tokens == ()
    assert read(XARF.replace(b'"message/rfc822"', b'"image/png"')).tokens == ()


def test_a_sample_of_version_3_may_stand_as_it_is() -> None:
    sample = b'{"Report": {"ReportType": "Spam", "Source": {"IP": "192.0.2.7"}, "Attachment": [{"ContentType": "text/rfc822-headers",'
    plain = b'"Base64Encoded": false, "Payload": "CFBL-Feedback-ID: %s\\n\\n"}]}}' % (b"A" * 40)
    begin, end = XARF.index(b"{"), XARF.rindex(b"}") + 1
    found = read(XARF[:begin] + sample + plain + XARF[end:])
    assert (found.source, found.tokens, found.effect) == ("192.0.2.7", ("A" * 40,), "complaint")
