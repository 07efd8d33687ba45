"""Lists of five services and our own are read by their first line; what is no list is said to be none."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.base.errors import Fault
from estafette.store.interface.records import Suppression
from estafette.suppression.forms import forms
from estafette.suppression.importing import lines_of
from estafette.suppression.table import Bad, Table, written
from estafette.tenancy.suppressions import Wanted

AT = 1_700_000_000.0

LISTS = {
    "postmark": (
        ("EmailAddress,SuppressionReason,Origin,CreatedAt\r\n"
        "hard@a.test,HardBounce,Recipient,2023-11-14T22:13:20-00:00\r\n"
        "spam@a.test,SpamComplaint,Recipient,2023-11-14T17:13:20-05:00\r\n"
        "left@a.test,ManualSuppression,Recipient,2023-11-14T22:13:20+00:00\r\n"
        "hand@a.test,ManualSuppression,Customer,2023-11-14T22:13:20+00:00\r\n"),
        ["bounced", "complained", "unsubscribed", "manual"],
    ),
    "brevo": (
        ("email;senderEmail;reason;blockedAt\n"
        "hard@a.test;shop@acme.test;hardBounce;2023-11-14T22:13:20Z\n"
        "spam@a.test;shop@acme.test;contactFlaggedAsSpam;2023-11-14T22:13:20Z\n"
        "left@a.test;shop@acme.test;unsubscribedViaEmail;2023-11-14T22:13:20Z\n"
        "hand@a.test;shop@acme.test;adminBlocked;2023-11-14T22:13:20Z\n"),
        ["bounced", "complained", "unsubscribed", "manual"],
    ),
    "brevo-contacts": (
        "CONTACT ID,EMAIL,FIRSTNAME,EMAIL_BLACKLISTED\n1,left@a.test,Ann,TRUE\n2,stays@a.test,Bob,FALSE\n",
        ["unsubscribed"],
    ),
    "mailjet": (
        ('"ID","Email","Name","IsExcludedFromCampaigns","IsSpamComplaining"\n'
        '1,spam@a.test,"Doe, John",true,true\n2,left@a.test,,true,false\n3,stays@a.test,,false,false\n'),
        ["complained", "unsubscribed"],
    ),
    "turbosmtp": (
        ("Status;Subject;From;To;Date;Reason\n"
        "bounce;Hello;shop@acme.test;hard@a.test;2023-11-14 22:13:20;550 no such user\n"
        "spam;;;spam@a.test;2023-11-14 22:13:20;\nunsubscribe;;;left@a.test;2023-11-14 22:13:20;\n"
        "validation_failed;;;bad@a.test;2023-11-14 22:13:20;\nmanual;;;hand@a.test;2023-11-14 22:13:20;\n"),
        ["bounced", "complained", "unsubscribed", "bounced", "manual"],
    ),
    "sendgrid-bounces": (
        'status,reason,email,created\n5.1.1,"550 5.1.1 no such user, sorry",hard@a.test,1700000000\n', ["bounced"],
    ),
    "sendgrid-spam-reports": ("ip,email,created\n192.0.2.1,spam@a.test,1700000000\n", ["complained"]),
    "sendgrid-invalid-emails": ("reason,email,created\nMail domain has no MX,bad@a.test,1700000000\n", ["bounced"]),
    "sendgrid-unsubscribes": ("email,created\nleft@a.test,1700000000\n", ["unsubscribed"]),
    "addresses": ("hand@a.test\nother@a.test\n", ["manual", "manual"]),
}  # fmt: skip


def read(text):
    table = Table(io.StringIO(text, newline=""))
    return table.form.name, list(table.rows())


@pytest.mark.parametrize("name", LISTS)
def test_the_list_of_a_service_is_told_by_its_first_line(name):
    text, reasons = LISTS[name]
    found, rows = read(text)
    assert (found, [row.reason for row in rows]) == (name, reasons)
    assert {row.created for row in rows} <= {AT, 0.0}
    assert "stays@a.test" not in {row.address for row in rows}


def test_every_form_has_its_example():
    assert {form.name for form in forms()} == LISTS.keys() | {"estafette", "mailjet-messages"}
    _, rows = read("ContactAlt,Status,ArrivedAt\nhard@a.test,hardbounced,\nok@a.test,sent,\n")
    assert [row.reason for row in rows] == ["bounced"]


def test_a_list_of_one_service_is_of_no_other_form():
    for name, (text, _) in LISTS.items():
        names = next(csv.reader([text.splitlines()[0]], delimiter=max(",;", key=text.splitlines()[0].count)))
        first = [form.name for form in forms() if form.fits([each.lower().replace("_", "") for each in names])]
        assert not first or first[0] == name or name == "brevo-contacts"


def test_the_evidence_comes_with_it():
    (row,) = read(LISTS["sendgrid-bounces"][0])[1]
    assert row == Wanted(
        address="hard@a.test", reason="bounced", created=AT, reply="5.1.1 550 5.1.1 no such user, sorry"
    )


_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40)
_entries = st.builds(
    Suppression,
    tenant=st.just("t"),
    stream=st.sampled_from(["", "bulk", "bulk/offers"]),
    address=st.sampled_from(["bob@a.test", "=cmd@a.test", "+x@a.test", "*@a.test", "-y@a.test", "o'k@a.test"]),
    reason=st.sampled_from(["bounced", "manual", "my own words, with a comma"]),
    created=st.integers(1, 2_000_000_000).map(float),
    expires=st.none() | st.integers(1, 2_000_000_000).map(float),
    event=st.integers(0, 2**63 - 1),
    message=st.integers(0, 2**63 - 1),
    reply=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=60),
    observed=st.integers(0, 2_000_000_000).map(float),
)


@given(st.lists(_entries, max_size=5))
def test_what_is_exported_is_imported_as_it_was(entries):
    name, rows = read("".join(written(entries)))
    assert name == "estafette"
    expected = [
        Wanted(
            address=each.address, stream=each.stream, reason=each.reason, created=each.created, expires=each.expires,
            event=each.event, message=each.message, reply=each.reply, observed=each.observed,
        )
        for each in entries
    ]  # fmt: skip
    assert rows == expected


def test_no_cell_of_an_export_is_a_formula():
    lines = list(written([Suppression(tenant="t", stream="", address="=x@a.test", reason="@SUM", reply="-1")]))
    for line in csv.reader(lines[1:]):
        assert all(cell[:1] not in "=+-@" for cell in line if cell)


@given(st.text(max_size=400))
def test_any_text_is_a_list_or_refused(text):
    try:
        _, rows = read(text)
    except Fault:
        return
    assert all(isinstance(row, Wanted | Bad) for row in rows)


@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_octets_in_any_pieces_are_the_same_lines(octets, size):
    pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
    if not octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        assert "".join(lines_of(pieces)) == octets.decode("utf-8", "replace")


def test_wrong_rows_are_told_with_their_line_and_the_others_taken():
    name, rows = read("email,created\nno address,1\nok@a.test,1700000000\nx@a.test,tomorrow\n\n")
    assert name == "sendgrid-unsubscribes"
    assert [(row.line, type(row)) for row in rows if isinstance(row, Bad)] == [(2, Bad), (4, Bad)]
    assert [row.address for row in rows if isinstance(row, Wanted)] == ["ok@a.test"]


@pytest.mark.parametrize("text", ["", "name,colour\nAnn,red\n", "\x00\n"])
def test_what_is_no_list_is_refused(text):
    with pytest.raises(Fault, match="no column"):
        read(text)


def test_a_quote_without_end_costs_no_memory_without_end():
    rows = read('email\n"' + "x" * 1000 + "\n" + ("y" * 1000 + "\n") * 1000 + "ok@a.test\n")[1]
    assert any(isinstance(row, Bad) for row in rows)
