"""Letters to abuse@ and postmaster@ become tickets, of whoever has the domain."""

from __future__ import annotations

import time
from functools import partial

import hypothesis
import pytest
from hypothesis import strategies as st
from tests.contract.kit import START, mint, submission

from estafette.mail import verp
from estafette.mail.excerpt import excerpt
from estafette.model.address import parse_path
from estafette.relay.feedback.returned import Returned
from estafette.relay.feedback.tickets import MOST_OPEN, TicketReader, is_role
from estafette.relay.submission.return_gate import MAC_PURPOSE
from estafette.tenancy import tickets
from estafette.tracking.writer import Writer

OWNERS = {"mx1.service.test": "", "acme.example": "t1"}
LETTER = (
    b"From: =?utf-8?q?Ren=C3=A9?= <rene@home.example>\r\nSubject: =?utf-8?b?QXJyw6p0ZXo=?=\r\n\r\nStop this mail.\r\n"
)


@pytest.fixture
def reader(office):
    verify = partial(office.keyring.verify, MAC_PURPOSE)
    return TicketReader(
        tickets=office.control.tickets, keyring=office.keyring, owner=OWNERS.get,
        path=lambda address: verp.read(verify, address, "bounces.test"),
    )  # fmt: skip


def returned(body=LETTER, to=("abuse@acme.example",), sender="rene@home.example", **more):
    fields = {"id": mint.next(), "at": START, "source": "192.0.2.1"} | more
    return Returned(body=body, to=to, sender=sender, **fields)


def listed(office, **more):
    return tickets.list_all(office, **more)["items"]


@pytest.mark.parametrize(
    ("address", "role"),
    [
        ("abuse@acme.example", True), ("Postmaster@ACME.example", True), ("abuse@mx1.service.test", True),
        ("abuse@rival.example", False), ("info@acme.example", False), ("abuse.x@acme.example", False),
    ],
)  # fmt: skip
def test_the_door_opens_to_roles_of_domains_that_are_served(address, role):
    assert is_role(parse_path(address), OWNERS.get) is role


async def test_a_letter_is_a_ticket(office, reader):
    taken = await reader.take(returned())
    assert (taken.what, taken.events) == ("ticket", ())
    (ticket,) = listed(office)
    assert (ticket["tenant"], ticket["address"], ticket["sender"], ticket["author"], ticket["subject"], ticket["text"]) == (
        "t1", "abuse@acme.example", "rene@home.example", "René <rene@home.example>", "Arrêtez", "Stop this mail.",
    )  # fmt: skip
    assert (ticket["state"], ticket["times"], ticket["about"], ticket["source"]) == ("open", 1, None, "192.0.2.1")


async def test_it_names_the_message_of_ours_that_it_forwards(office, reader):
    sent = submission("ann@example.com", "joe@example.com", tenant="t1", stream="bulk")
    token = Writer(office.keyring, "https://t.test").own("unsubscribe", sent.content, sent.deliveries[1])
    await reader.take(returned(LETTER + f"> {token}\r\n".encode()))
    await reader.take(
        returned(LETTER.replace(b"Stop", b"Stopp") + b"> https://t.test/u/" + b"x" * 90 + b"\r\n", sender="z@z.z")
    )
    about = {ticket["sender"]: ticket["about"] for ticket in listed(office)}
    assert about["rene@home.example"].endswith(".2")
    assert about["z@z.z"] is None


async def test_the_same_again_within_a_day_is_the_same_ticket(office, reader):
    first = returned()
    for each, what in (
        (first, "ticket"), (first, "ticket"), (returned(at=START + 80_000), "ticket_again"),
        (returned(at=START + 150_000), "ticket_again"), (returned(at=START + 300_000), "ticket"),
        (returned(sender="other@home.example"), "ticket"), (returned(to=("postmaster@acme.example",)), "ticket"),
    ):  # fmt: skip
        assert (await reader.take(each)).what == what
    assert sorted(ticket["times"] for ticket in listed(office)) == [1, 1, 1, 3]


async def test_a_closed_ticket_is_not_written_on(office, reader):
    await reader.take(returned())
    tickets.close(office, listed(office)[0]["id"], note="answered")
    assert (await reader.take(returned())).what == "ticket"
    assert {ticket["state"] for ticket in listed(office)} == {"open", "closed"}
    assert [ticket["note"] for ticket in listed(office, state="closed")] == ["answered"]


async def test_automatic_notices_and_mail_to_others_are_no_tickets(office, reader):
    notice = b"Auto-Submitted: auto-replied\r\n" + LETTER
    assert (await reader.take(returned(notice, sender=""))).what == "role_notice"
    assert (await reader.take(returned(notice))).what == "ticket"
    assert await reader.take(returned(to=("info@acme.example",))) is None
    assert await reader.take(returned(to=("abuse@rival.example",))) is None
    assert await reader.take(returned(to=())) is None


async def test_letters_to_the_service_belong_to_no_tenant(office, reader):
    await reader.take(returned(to=("postmaster@mx1.service.test",)))
    assert [ticket["tenant"] for ticket in listed(office, service=True)] == [""]


async def test_a_flood_ends_at_a_limit_of_its_tenant_alone(office, reader, monkeypatch):
    monkeypatch.setattr("estafette.relay.feedback.tickets.MOST_OPEN", 3)
    found = [(await reader.take(returned(sender=f"{n}@x.example"))).what for n in range(4)]
    assert found == ["ticket"] * 3 + ["ticket_beyond_limit"]
    assert (await reader.take(returned(to=("abuse@mx1.service.test",)))).what == "ticket"
    assert MOST_OPEN == 1_000


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(st.binary(max_size=1_500))
def test_any_letter_has_an_excerpt_that_hides_nothing(octets):
    for message in (octets, LETTER + octets, b"Subject: " + octets, b"Content-Type: text/html; charset=" + octets):
        found = excerpt(message)
        assert found.subject.isprintable()
        assert found.author.isprintable()
        assert found.text.replace("\n", "").isprintable()
        assert len(found.text) <= 4_000


@pytest.mark.parametrize("charset", [b"hz", b"undefined", b"idna", b"utf-7", b"x" * 50, b"zlib_codec", b"rot13"])
def test_strange_charsets_are_read_as_well_as_can_be(charset):
    message = b"Subject: =?%s?q?a=ff?=\r\nContent-Type: text/plain; charset=%s\r\n\r\n+ADw-\xff abc\r\n" % (
        charset,
        charset,
    )
    assert "abc" in excerpt(message).text


@pytest.mark.parametrize("charset", [b"punycode", b"utf-7", b"utf-8", b"iso-2022-jp"])
@pytest.mark.parametrize("kind", [b"plain", b"html"])
def test_no_letter_takes_long(charset, kind):
    message = b"Subject: =?%s?q?%s?=\r\nContent-Type: text/%s; charset=%s\r\n\r\n" % (
        charset,
        b"a" * 5_000,
        kind,
        charset,
    )
    begun = time.process_time()
    for unit in (b"a-", b"<", b"&", b"<a href=", b"\n", b"\x1b$B"):
        excerpt(message + unit * (1_000_000 // len(unit)))
    assert time.process_time() - begun < 5


def test_text_that_turns_around_or_drives_a_terminal_is_made_plain():
    found = excerpt("Subject: a\u202eb\x1b[31m\r\n\r\nx\u202ey\x1b[2Jz\r\n".encode())
    assert (found.subject, found.text) == ("a b [31m", "x y [2Jz")
