"""Every form of report in golden messages; every bound; and nothing that octets can do."""

from __future__ import annotations

import json
import re
import tarfile
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from estafette.mail.returns import fallback, reader
from estafette.mail.returns.finding import ACTIONS, Finding
from estafette.mail.returns.opened import Opened
from estafette.mail.returns.plain import forms

DATA = Path(__file__).parents[3] / "data" / "returns"
GOLDEN: Mapping[str, Any] = tomllib.loads((DATA / "golden.toml").read_text())


def crlf(octets: bytes) -> bytes:
    return re.sub(rb"\r\n|\r|\n", b"\r\n", octets)


def golden(name: str) -> bytes:
    return crlf((DATA / "golden" / f"{name}.eml").read_bytes())


def told(found: Finding) -> list[list[Any]]:
    return [[each.action, each.final, each.status, each.code] for each in found.said]


def test_every_golden_message_is_named_with_its_provenance():
    assert {path.stem for path in (DATA / "golden").glob("*.eml")} == set(GOLDEN)
    assert all(each["provenance"] for each in GOLDEN.values())


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize("guess", [True, False])
def test_golden_messages(name, guess):
    found = reader.read(golden(name), guess=guess)
    assert (found.kind, found.form, told(found)) == (
        GOLDEN[name]["kind"], GOLDEN[name]["form"], GOLDEN[name].get("said", []),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["rfc3464_e2", "qmail", "vacation"])
def test_line_ends_of_other_systems_change_nothing(name):
    # The listener makes lone CR and LF whole lines; inside encoded parts they may still stand.
    assert reader.read(crlf(golden(name).replace(b"\r\n", b"\n"))) == reader.read(golden(name))
    assert reader.read(crlf(golden(name).replace(b"\r\n", b"\r"))) == reader.read(golden(name))


def test_a_reply_over_several_lines_is_one_line_without_control_characters():
    (said,) = reader.read(golden("gmail")).said
    assert said.text.startswith(
        "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1"
    )
    assert said.text.isprintable()
    assert said.remote.startswith("aspmx.l.google.com.")


def test_the_original_recipient_is_read_with_its_escapes_undone():
    assert reader.read(golden("rfc6533_utf8")).said[0].original == "用户@例子.test"


def test_what_is_quoted_is_found_in_copies_and_in_plain_text():
    quoted = b"Return-Path: <r1@bounces.service.test>\r\nX-Estafette-Id: 01ABCDEFGHJKM\r\n"
    assert reader.read(golden("gmail")).quoted.paths == ("r1@bounces.service.test",)
    plain = golden("qmail").replace(b"Subject: hi\r\n", b"Subject: hi\r\n" + quoted)
    found = reader.read(plain).quoted
    assert (found.number, found.paths) == ("01ABCDEFGHJKM", ("r1@bounces.service.test",))


def test_what_a_report_quotes_is_not_what_it_says():
    inner = golden("rfc3464_e1")
    outer = golden("rfc3464_e4").replace(b"[original message goes here]", inner)
    assert [each.final for each in reader.read(outer).said] == ["thomas@de-montfort.ac.uk"]


def test_each_form_of_plain_words_says_where_it_was_seen_and_is_lower_case():
    names = [each.name for each in forms()]
    assert len(names) == len(set(names))
    for form in forms():
        assert form.source
        assert all(each == " ".join(each.lower().split()) and len(each) > 6 for each in form.phrases), form.name


def set_of_flufl() -> list[tuple[str, bytes, frozenset[str], frozenset[str]]]:
    expected = json.loads((DATA / "flufl.json").read_text())
    found = []
    with tarfile.open(DATA / "flufl.tar.xz") as archive:
        for member in archive.getmembers():
            if member.isfile():
                name = Path(member.name).stem
                octets = crlf(archive.extractfile(member).read())
                want = expected[name]
                found.append((name, octets, frozenset(want["failed"]), frozenset(want["delayed"])))
    return found


def test_the_set_of_flufl_with_that_library_off():
    """Apart from it, as a floor: 108 of 117 by what happened, 104 by address."""
    kinds = addresses = 0
    cases = set_of_flufl()
    for _, octets, failed, delayed in cases:
        found = reader.read(octets, null=True, guess=False)
        names = {each for said in found.said for each in (said.final.lower(), said.original.lower()) if each}
        actions = {said.action for said in found.said}
        kinds += ("failed" in actions) == bool(failed) and (bool(failed) or ("delayed" in actions) == bool(delayed))
        addresses += (failed or delayed) <= names
    assert len(cases) == 117
    assert kinds >= 108
    assert addresses >= 104


def test_the_library_is_asked_last_and_adds_what_we_do_not_know():
    known = {name: octets for name, octets, _, _ in set_of_flufl()}
    found = reader.read(known["sina_01"])
    assert found.form == "flufl"
    assert {each.final for each in found.said} == {"usery@sina.com", "userx@sina.com"}
    assert reader.read(known["sina_01"], guess=False).kind == "unknown"


# Bounds.


def nest(levels: int, inner: bytes) -> bytes:
    for level in range(levels):
        mark = b"n%d" % level
        inner = (
            b"Content-Type: multipart/mixed; boundary="
            + mark
            + b"\r\n\r\n--"
            + mark
            + b"\r\n"
            + inner
            + b"\r\n--"
            + mark
            + b"--\r\n"
        )
    return inner


def enclosed(levels: int) -> bytes:
    inner = golden("rfc3464_e4")
    for level in range(levels):
        mark = b"z%d" % level
        head = b"From: x@y.test\r\nContent-Type: multipart/mixed; boundary=" + mark
        inner = head + b"\r\n\r\n--" + mark + b"\r\nContent-Type: message/rfc822\r\n\r\n" + inner
    return inner


STATUS = b"Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; a@b.test\r\nAction: failed\r\nStatus: 5.1.1\r\n"
HEAD = b"From: MAILER-DAEMON@x.test\r\n"
BOMBS = {
    "nested_100": HEAD + nest(100, STATUS),
    "nested_5000": HEAD + nest(5_000, STATUS),
    "parts_10000": HEAD + b"Content-Type: multipart/report; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 10_000 + b"--b\r\n" + STATUS + b"--b--",
    "enclosed_5": enclosed(5),
    "enclosed_2000": enclosed(2_000),
    "recipients": HEAD + b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n" + STATUS
    + b"\r\nFinal-Recipient: rfc822; a@b.test\r\nAction: failed\r\n" * 100_000,
    "fields": b"X: y\r\n" * 100_000 + b"\r\n" + STATUS,
    "one_line": HEAD + b"Subject: returned mail\r\n\r\ncould not be delivered " + b"<a@" * 1_000_000,
    "at_signs": HEAD + b"\r\nundeliverable\r\n" + b"a@" * 16_000 + b"\r\n" + (b"a." * 40 + b"@" + b"b-" * 200 + b"\r\n") * 500,
    "hyphens": HEAD + b"\r\nundeliverable\r\n" + (b"-" * 990 + b"\r\n") * 5_000,
    "markup": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<br" * 1_000_000,
    "brackets": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<" * 3_000_000,
    "codes": HEAD + b"\r\nundeliverable to a@b.test\r\n" + b"550" * 1_000_000,
    "idna": HEAD + b"Content-Type: text/plain; charset=idna\r\n\r\n" + b"xn--" * 200_000,
    "punycode": HEAD + b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a-" * 200_000,
    "utf7": HEAD + b"Content-Type: text/plain; charset=utf-7\r\n\r\n" + b"+" * 200_000,
    "utf16": HEAD + b"Content-Type: text/plain; charset=utf-16\r\n\r\n" + b"\x00\xd8" * 100_000,
    "base64": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 3_000_000,
    "quoted": HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=3D=\r\n" * 500_000,
    "escapes": HEAD + b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n" + STATUS.replace(b"a@b.test", b"\\x{D800}\\x{110000}\\x{" + b"0" * 100_000),
    "numbers": HEAD + b"\r\nundeliverable\r\n" + b"X-Estafette-Id: " * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_read_within_bounds(name):
    began = time.process_time()
    found = reader.read(BOMBS[name], null=True)
    assert time.process_time() - began < 2.0
    assert len(found.said) <= 1_000
    check(found)


def test_a_report_that_is_its_own_attachment_many_levels_deep_is_not_followed():
    assert reader.read(BOMBS["enclosed_5"]).kind == "unknown"
    assert reader.read(enclosed(3)).kind == "report"


def test_a_report_of_many_parts_is_not_taken_at_its_word():
    assert reader.read(BOMBS["parts_10000"]).form != "rfc3464"


def test_the_library_is_not_asked_beyond_its_bounds(monkeypatch):
    monkeypatch.setattr(fallback, "all_failures", lambda _message: pytest.fail("asked"))
    for name in ("nested_100", "parts_10000", "one_line"):
        assert fallback.read(Opened(BOMBS[name])) == ()


def test_a_library_that_breaks_breaks_nothing(monkeypatch):
    def broken(_message: object) -> None:
        raise RecursionError

    monkeypatch.setattr(fallback, "all_failures", broken)
    assert fallback.read(Opened(golden("person"))) == ()


def check(found: Finding) -> None:
    for said in found.said:
        assert said.action in ACTIONS
        assert len(said.text) <= 512
        assert (said.text + said.final + said.original + said.remote).isprintable() or not said.text
        assert len(said.final) <= 320
        assert said.code == 0 or 200 <= said.code < 600
        assert re.fullmatch(r"|[245]\.\d{1,3}\.\d{1,3}", said.status)
    assert len(found.quoted.paths) <= 5


@given(st.binary(max_size=3_000), st.booleans())
@example(b"Content-Type: multipart/report; boundary=\r\n\r\n--\r\n", True)
def test_no_octets_break_it(octets, null):
    check(reader.read(octets, null=null))


LINES = st.sampled_from(
    [
        b"Content-Type: multipart/report; boundary=b", b"--b", b"--b--", b"", b"Content-Type: message/delivery-status",
        b"Content-Type: message/rfc822", b"Final-Recipient: rfc822; a@b.test", b"Action: failed", b"Action: \xff",
        b"Status: 5.1.1", b"Diagnostic-Code: smtp; 550 5.1.1 no", b" 550 more", b"undeliverable", b"<a@b.test>: no",
        b"From: MAILER-DAEMON@x.test", b"Auto-Submitted: auto-replied", b"Content-Transfer-Encoding: base64",
        b"X-Failed-Recipients: a@b.test", b"Return-Path: <r1@x.test>", b"Final-Recipient: utf-8; \\x{E9}@b.test",
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=40), st.booleans())
def test_no_order_of_its_own_words_breaks_it(lines, null):
    check(reader.read(b"\r\n".join(lines), null=null))
