"""Reports of receivers: golden ones by their provenance, bombs, markup that is refused, and anything at all."""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import tomllib
import tracemalloc
import zipfile
import zlib
from base64 import encodebytes
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

from estafette.mail.receivers import dmarc, markup, packing, tls
from estafette.mail.receivers.fault import Unreadable
from estafette.mail.receivers.reader import open_file, read

DATA = Path(__file__).parents[2] / "data" / "receivers"
PROVENANCE = tomllib.loads((DATA / "provenance.toml").read_text())


def golden(name: str) -> bytes:
    return (DATA / name).read_bytes()


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, octets in files:
            archive.writestr(name, octets)
    return made.getvalue()


PACKED = {"zip": lambda octets: zipped(("r.xml", octets)), "gzip": gzip.compress, "plain": lambda octets: octets}


def mailed(octets: bytes, how: str = "attached", kind: str = "application/gzip") -> bytes:
    """Return a message that carries octets: as its whole body, or beside words for people."""
    file = f"Content-Type: {kind}; name=r\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
    file += encodebytes(octets).replace(b"\n", b"\r\n")
    if how == "whole":
        return b"From: r@receiver.example\r\nSubject: Report domain: acme.example\r\n" + file
    outer = b"multipart/report; report-type=tlsrpt" if how == "report" else b"multipart/mixed"
    words = b"Content-Type: text/plain\r\n\r\n<This> is { a report.\r\n"
    return (
        b"From: r@receiver.example\r\nContent-Type: " + outer + b'; boundary="b"\r\n\r\n--b\r\n'
        + words + b"--b\r\n" + file + b"--b--\r\n"
    )  # fmt: skip


def agrees(found, wanted):
    for name, value in wanted.items():
        if name in {"first", "last"}:
            row = found.rows[0 if name == "first" else -1]
            assert {key: getattr(row, key) for key in value} == value
        else:
            assert getattr(found, name) == value, name


def why(octets: bytes) -> str:
    with pytest.raises(Unreadable) as refused:
        open_file(octets)
    return refused.value.why


def test_every_golden_report_has_its_provenance():
    assert set(PROVENANCE) == {each.name for each in DATA.iterdir()} - {"provenance.toml"}
    assert {each["source"] for each in PROVENANCE.values()} <= {"standard", "recorded", "form"}


@pytest.mark.parametrize("name", PROVENANCE)
def test_golden_reports_are_read_as_they_must_be(name):
    expected = PROVENANCE[name]
    how, packing_, kind = expected["mailed"]
    (found,) = open_file(golden(name))
    assert (found.domain, found.begin) == ("acme.example", 1_699_920_000.0)
    assert 0 < found.end - found.begin <= 86_400
    agrees(found, {"kind": "dmarc", "unlisted": 0} | expected["read"])
    assert read(mailed(PACKED[packing_](golden(name)), how, kind)) == (found,)


@pytest.mark.parametrize("how", ["whole", "attached", "report"])
@pytest.mark.parametrize("form", PACKED)
@pytest.mark.parametrize("kind", ["application/octet-stream", "application/x-zip-compressed", "application/xml"])
def test_the_form_counts_and_not_what_it_is_called(how, form, kind):
    (found,) = read(mailed(PACKED[form](golden("google.xml")), how, kind))
    assert found.reporter == "google.com"


def test_mail_without_a_report_is_none():
    assert read(b"Subject: hello\r\n\r\n<xml> is not { a report.\r\n") is None
    assert read(b"") is None
    assert read(mailed(b"<html><body>no</body></html>", "attached", "application/xhtml+xml")) is None


def test_what_stands_beside_a_report_does_not_speak_for_it():
    message = mailed(gzip.compress(golden("google.xml")))
    other = b"Content-Type: application/json\r\n\r\n{}\r\n--b\r\n"
    message = message.replace(
        b"--b\r\nContent-Type: application/gzip", b"--b\r\n" + other + b"Content-Type: application/gzip"
    )
    assert read(message)[0].reporter == "google.com"


@pytest.mark.parametrize("pack", [gzip.compress, lambda octets: zipped(("a.xml", octets))])
def test_a_bomb_is_refused_after_a_bounded_number_of_octets(pack):
    bomb = pack(bytes(400 * 1024 * 1024))
    tracemalloc.start()
    assert why(bomb) == "too_large"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2.5 * packing.UNPACKED


def test_a_bomb_of_ten_gigabytes_that_says_it_is_small_is_refused():
    """A 10 MB deflate stream that makes 10 GB, in a ZIP whose directory says 1,000 octets."""
    piece = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = piece.compress(bytes(1 << 20)) + piece.flush(zlib.Z_FULL_FLUSH)
    again = zlib.compressobj(9, zlib.DEFLATED, -15)
    once = again.compress(bytes(1 << 20)) + again.flush(zlib.Z_FULL_FLUSH)
    stream = head + once * (10 * 1024) + zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    assert len(stream) < 16 * 1024 * 1024
    name = b"a.xml"
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(stream), 1_000, len(name), 0) + name
    entry = struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, 0, len(stream), 1_000, len(name), 0, 0, 0, 0, 0, 0
    )
    entry += name
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(local) + len(stream), 0)
    assert why(local + stream + entry + end) == "too_large"


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (gzip.compress(gzip.compress(b"<feedback/>")), "archive"),
        (zipped(("a.zip", zipped(("b.xml", b"<feedback/>")))), "archive"),
        (gzip.compress(zipped(("b.xml", b"<feedback/>"))), "archive"),
        (zipped(("a.xml.gz", gzip.compress(b"<feedback/>"))), "archive"),
        (zipped(), "archive"),
        (zipped(("a.xml", b"<feedback/>"), ("b.xml", b"<feedback/>")), "archive"),
        (zipped(*((f"{n}.xml", b"") for n in range(9))), "archive"),
        (zipped(("a.xml", b"<feedback/>"), method=zipfile.ZIP_LZMA), "archive"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(40), "archive"),
        (b"BZh9" + bytes(40), "archive"),
        (gzip.compress(golden("google.xml"))[:-200], "damaged"),
        (zipped(("a.xml", golden("google.xml")))[:-30], "damaged"),
        (zipped(("a.xml", golden("google.xml")))[60:], "nothing"),
        (b"PK\x03\x04" + bytes(200), "damaged"),
        (b"\x1f\x8b\x08" + bytes(60), "damaged"),
        (b"", "nothing"),
        (b"Dear sir,", "nothing"),
        (bytes(17 * 1024 * 1024), "too_large"),
        (gzip.compress(b"x") * 17, "archive"),
    ],
    ids=lambda value: value if isinstance(value, str) else "octets",  # archives name the second they were made in
)  # fmt: skip
def test_archives_that_are_none_of_ours_are_refused(octets, reason):
    assert why(octets) == reason


def test_a_file_beside_folders_and_what_apple_adds_is_the_one():
    archive = zipped(("x/", b""), ("x/r.xml", golden("google.xml")), ("__MACOSX/x/._r.xml", b"\0"))
    assert open_file(archive)[0].reporter == "google.com"
    assert open_file(zipped(("r.xml", golden("google.xml")), method=zipfile.ZIP_STORED))[0].reporter == "google.com"
    half = len(golden("google.xml")) // 2
    members = gzip.compress(golden("google.xml")[:half]) + gzip.compress(golden("google.xml")[half:]) + bytes(9)
    assert open_file(members)[0].reporter == "google.com"


LAUGHS = '<!DOCTYPE feedback [<!ENTITY a "ha">{}]><feedback>&z;</feedback>'.format(
    "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(20))
)


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        '<!DOCTYPE feedback SYSTEM "http://127.0.0.1:1/x.dtd"><feedback/>',
        '<!DOCTYPE feedback [<!ENTITY x SYSTEM "file:///etc/passwd">]><feedback>&x;</feedback>',
        '<!DOCTYPE feedback [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><feedback/>',
        "<feedback>&unknown;</feedback>",
        "<feedback>" + "<a>" * 20 + "</a>" * 20 + "</feedback>",
        "<feedback><a></feedback>",
        '<?xml version="1.0" encoding="no-such"?><feedback/>',
        "<feedback>\0</feedback>",
    ],
)
def test_markup_of_which_nobody_has_need_is_refused(text):
    assert why(text.encode()) == "markup"


def test_octets_that_are_no_utf_8_do_not_hide_a_report():
    broken = golden("google.xml").replace(b"arc=pass", b"arc=\xe9\xff")
    (found,) = open_file(broken)
    assert (found.messages, found.rows[-1].reason[:18]) == (44, "local_policy arc=\ufffd")
    assert why(golden("mail-ru.xml").replace(b"windows-1251", b"no-such").replace(b"Mail.Ru", b"\xe9")) == "markup"
    (cyrillic,) = open_file(golden("mail-ru.xml").replace(b"Mail.Ru", b"\xcc\xe0\xe9\xeb"))
    assert cyrillic.reporter == "Майл"


def test_elements_without_end_are_refused():
    assert why(b"<feedback>" + b"<a/>" * (markup.ELEMENTS + 1) + b"</feedback>") == "markup"


def edited(name: str, *changes: tuple[str, str]) -> bytes:
    text = golden(name).decode()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text.encode()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ([("<domain>acme.example</domain>\n    <adkim>", "<domain>no domain</domain>\n    <adkim>")], "form"),
        ([("<report_id>4242424242424242424</report_id>", "")], "form"),
        ([("<begin>1699920000</begin>", "<begin>-5</begin>")], "form"),
        ([("<end>1700006399</end>", "<end>1600000000</end>")], "form"),
        ([("<end>1700006399</end>", "<end>99999999999999999999999</end>")], "form"),
        ([("feedback>", "html>")], "nothing"),
    ],
)
def test_reports_that_lack_what_they_must_have_are_refused(changes, reason):
    assert why(edited("google.xml", *changes)) == reason


def test_values_that_are_none_do_no_harm():
    (found,) = open_file(
        edited(
            "google.xml",
            ("192.0.2.10", "fe80::1%eth0"), ("<count>41</count>", "<count>-3</count>"),
            ("<count>3</count>", f"<count>{'9' * 200}</count>"), ("<selector>k1", "<selector>\u202e" + "k" * 9000),
            ("<disposition>none", "<disposition>no such thing\x1b".replace("\x1b", "&#x85;")),
        )
    )  # fmt: skip
    assert [row.count for row in found.rows] == [10**12, 0]
    assert {row.source for row in found.rows} == {"", "2001:db8::25"}
    assert {row.disposition for row in found.rows} == {""}


def test_rows_beyond_the_limit_are_counted_and_not_kept():
    text = golden("google.xml").decode()
    at, end = text.index("  <record>"), text.index("</feedback>")
    record = text[at : text.index("</record>") + 9]
    rows = [
        record.replace("192.0.2.10", f"10.0.{n >> 8}.{n & 255}").replace("41", str(n + 1))
        for n in range(dmarc.ROWS + 5)
    ]
    random.Random(1).shuffle(rows)
    (found,) = open_file((text[:at] + "".join(rows) + text[end:]).encode())
    assert (len(found.rows), found.unlisted) == (dmarc.ROWS, 1 + 2 + 3 + 4 + 5)
    assert found.messages == found.passed == sum(range(dmarc.ROWS + 6))


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"{", "markup"),
        (b"{}", "form"),
        (b'{"report-id": "x", "policies": []}', "form"),
        (b'{"a":' * 100_000, "markup"),
        (b'{"a":' + b"[" * 17 + b"]" * 17 + b"}", "markup"),
        (b'{"report-id": ' + b"9" * 5_000_000 + b"}", "too_large"),
        (edited("rfc8460.json", ("2023-11-14T00:00:00Z", "yesterday")), "form"),
        (edited("rfc8460.json", ("acme.example", "no domain")), "form"),
    ],
)  # fmt: skip
def test_json_that_is_no_report_is_refused(octets, reason):
    assert why(octets) == reason


def test_a_tls_report_of_several_domains_is_one_for_each_and_counts_are_bounded():
    whole = json.loads(golden("rfc8460.json"))
    (one,) = whole["policies"]
    other = json.loads(json.dumps(one))
    other["policy"]["policy-domain"] = "Bücher.example"
    other["failure-details"] = one["failure-details"][:1] * (tls.FAILURES + 3)
    whole["policies"] = [one, other, one, {"policy": 5}, None]
    first, second = open_file(json.dumps(whole).encode())
    assert (first.domain, first.messages, len(first.rows)) == ("acme.example", 2 * 5629, 6)
    assert (second.domain, len(second.rows)) == ("xn--bcher-kva.example", tls.FAILURES)
    huge = golden("rfc8460.json").replace(b"5326", b"9" * 4_000)
    assert open_file(huge)[0].passed == 10**12
    assert open_file(golden("rfc8460.json").replace(b"5326", b"1e400"))[0].passed == 0
    assert open_file(golden("rfc8460.json").replace(b'"Company-X"', b'"\\ud800\\u0000x"'))[0].reporter == "x"


def fuzzed(octets: bytes) -> None:
    """Whatever is read is bounded and printable; every refusal is an ``Unreadable``."""
    for each in (lambda: open_file(octets), lambda: read(octets), lambda: read(mailed(octets)) or ()):
        try:
            found = each() or ()
        except Unreadable:
            continue
        for report in found:
            assert report.domain.islower() or report.domain
            assert report.reporter.isprintable()
            assert len(report.reporter) <= 255
            assert report.begin <= report.end
            assert report.messages >= 0
            for row in report.rows:
                assert row.count >= 0
                assert row.reason.isprintable()


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(st.binary(max_size=2_000))
def test_any_octets_are_a_report_or_none(octets):
    fuzzed(octets)


SEEDS = [golden(name) for name in PROVENANCE]
SEEDS += [pack(golden(name)) for pack in PACKED.values() for name in ("google.xml", "rfc8460.json")]


@hypothesis.settings(max_examples=400, deadline=None)
@hypothesis.given(st.sampled_from(SEEDS), st.data())
def test_golden_reports_with_anything_put_in_are_reports_or_none(seed, data):
    at = data.draw(st.integers(0, len(seed)))
    gone = data.draw(st.integers(0, 60))
    fuzzed(seed[:at] + data.draw(st.binary(max_size=40)) + seed[at + gone :])
