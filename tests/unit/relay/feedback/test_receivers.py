"""Reports from receivers that came by mail."""

from __future__ import annotations

import asyncio
import gzip

import msgspec
import pytest
from tests.contract.kit import mint
from tests.unit.mail.test_receivers import edited, golden, mailed

from estafette.model.address import parse_path
from estafette.relay.feedback.receivers import KEEP, ReceiverReader, is_report_address
from estafette.relay.feedback.returned import Returned
from estafette.tenancy import domains, proof, reports, tenants

NOW = 1_700_010_000.0
OWNERS = {"bounces.service.test": "", "mx1.service.test": "", "acme.example": "t1"}


@pytest.fixture
def office(office):
    office = msgspec.structs.replace(office, now=lambda: NOW)
    tenants.create(office, "acme")
    domains.add(office, "acme", "acme.example")
    proof.verify(office, "acme.example")
    return office


@pytest.fixture
def reader(office):
    return ReceiverReader(office=office, owner=OWNERS.get, sources={"192.0.2.10"})


def returned(body, *to, sender="noreply@receiver.example"):
    to = to or ("dmarc@bounces.service.test",)
    return Returned(id=mint.next(), at=NOW, sender=sender, to=to, source="198.51.100.1", body=body)


GOOGLE = mailed(gzip.compress(golden("google.xml")))


@pytest.mark.parametrize(
    ("address", "open_"),
    [
        ("dmarc@bounces.service.test", True), ("TLSRPT@Bounces.service.TEST", True), ("dmarc@mx1.service.test", True),
        ("dmarc@acme.example", True), ("dmarc@rival.example", False), ("dmarc.x@acme.example", False),
        ("info@bounces.service.test", False),
    ],
)  # fmt: skip
def test_the_door_opens_to_reports_at_domains_that_are_served(address, open_):
    assert is_report_address(parse_path(address), OWNERS.get) is open_


async def test_a_report_is_kept_for_whoever_has_the_domain_once(office, reader):
    taken = await reader.take(returned(GOOGLE))
    assert (taken.what, taken.events, taken.notices, taken.keep) == ("report", (), (), KEEP)
    assert (await reader.take(returned(GOOGLE, "tlsrpt@acme.example"))).what == "report_again"
    (found,) = reports.list_all(office, "acme")["items"]
    assert (found["origin"], found["sender"], found["ours"]) == ("mail", "noreply@receiver.example", 41)


async def test_a_tls_report_is_kept_too(office, reader):
    message = mailed(gzip.compress(golden("google-tls.json")), "report", "application/tlsrpt+gzip")
    assert (await reader.take(returned(message, "tlsrpt@bounces.service.test", sender=""))).what == "report"
    assert [each["kind"] for each in reports.list_all(office)["items"]] == ["tls"]


FOREIGN = edited(
    "google.xml", ("<domain>acme.example</domain>\n    <adkim>", "<domain>other.example</domain>\n    <adkim>")
)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (mailed(FOREIGN), "report_of_nobody"),
        (mailed(edited("google.xml", ("1699920000", "1500000000"), ("1700006399", "1500086399"))), "report_out_of_time"),
        (mailed(gzip.compress(bytes(30 << 20))), "report_too_large"),
        (mailed(gzip.compress(gzip.compress(b"<feedback/>"))), "report_archive"),
        (mailed(b"<!DOCTYPE feedback []><feedback/>", "attached", "text/xml"), "report_markup"),
        (mailed(b"<feedback/>", "attached", "text/xml"), "report_form"),
        (mailed(golden("google.xml")[:90], "attached", "text/xml"), "report_markup"),
        (mailed(gzip.compress(golden("google.xml"))[:99]), "report_damaged"),
        (b"Subject: hello\r\n\r\nNo report.\r\n", "report_nothing"),
        (b"", "report_nothing"),
    ],
)  # fmt: skip
async def test_what_is_no_report_of_ours_is_filed_with_a_reason(office, reader, body, what):
    taken = await reader.take(returned(body))
    assert (taken.what, taken.keep) == (what, KEEP)
    assert reports.list_all(office)["items"] == []


async def test_mail_to_other_addresses_is_for_others(office, reader):
    for to in ("abuse@bounces.service.test", "dmarc@rival.example", "x@acme.example"):
        assert await reader.take(returned(GOOGLE, to)) is None
    assert await reader.take(Returned(id=1, at=NOW, sender="", to=(), source="", body=GOOGLE)) is None
    assert reports.list_all(office)["items"] == []


async def test_mail_without_measure_is_filed_and_the_reader_stays_up(office, reader):
    """Nested a hundred deep, in ten thousand parts, or inside another message."""
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(120))
    wide = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 10_000
    for body in (deep + GOOGLE, wide):
        assert (await reader.take(returned(body))).what == "report_markup"
    inside = b"Content-Type: message/rfc822\r\n\r\n" + GOOGLE
    assert (await reader.take(returned(inside))).what == "report_nothing"


async def test_an_archive_that_unpacks_to_megabytes_leaves_the_event_loop_to_others(reader):
    heavy = golden("google.xml").replace(b"</feedback>", b"<record><row/></record>" * 60_000 + b"</feedback>")
    bomb = returned(mailed(gzip.compress(heavy)))
    assert reader.concerns(bomb)
    reading, turns = asyncio.ensure_future(reader.take(bomb)), 0
    while not reading.done():
        turns += 1
        await asyncio.sleep(0)
    assert (reading.result().what, turns > 100) == ("report_too_large", True)


def test_other_mail_does_not_concern_it(reader):
    assert not reader.concerns(returned(GOOGLE, "abuse@acme.example"))
