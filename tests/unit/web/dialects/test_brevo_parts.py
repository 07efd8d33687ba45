"""Brevo's small readers: names of messages and templates, days, headers, mail read back, codes of errors."""

import json
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from estafette.base import ids
from estafette.model.letter import Mailbox
from estafette.model.placement import Trouble
from estafette.relay.submission.wrong import Wrong
from estafette.web.dialects.brevo import form, identifiers
from estafette.web.dialects.brevo.errors import error, render
from estafette.web.dialects.brevo.letters import letters
from estafette.web.dialects.brevo.mail import opened
from estafette.web.dialects.brevo.marks import marks, merged
from estafette.web.dialects.brevo.moments import DAY, days, moment
from estafette.web.dialects.brevo.templates import slug
from estafette.web.dialects.translation import read
from estafette.web.problems import Problem

NUMBERS = st.integers(0, (1 << 63) - 1)


@given(message=NUMBERS, number=st.integers(0, 10_000))
def test_a_message_id_is_read_back(message, number):
    shown = identifiers.shown(message, "acme.example", number)
    assert identifiers.read(shown) == (message, number)
    assert identifiers.read(shown.strip("<>")) == (message, number)


@given(st.text())
def test_any_other_text_is_no_message(text):
    try:
        message, _ = identifiers.read(text)
    except Wrong as refusal:
        assert refusal.trouble.status == 404  # noqa: PT017 - most texts are refused, none may do anything else
    else:
        assert ids.show(message).lower() in text.lower().translate(str.maketrans("oil", "011"))


@given(NUMBERS)
def test_a_template_is_found_under_the_number_that_is_told(number):
    shown = identifiers.template_name(number)
    if number >= 1 << 32:
        assert identifiers.template_number("order", shown) == number
    elif number:
        assert identifiers.template_number(shown, "0000000000000") == number
    assert identifiers.template_number("007", ids.show(number)) == number


@given(start=st.text(max_size=12), end=st.text(max_size=12))
def test_days_are_days_or_refused(start, end):
    try:
        since, until = days(start, end, 1e9)
    except Wrong as refusal:
        assert refusal.trouble.field in {"startDate", "endDate"}  # noqa: PT017 - as above
    else:
        assert 0 < until - since <= 31 * DAY


def test_both_days_are_whole():
    assert days("2026-02-01", "2026-02-28", 0.0) == (1769904000.0, 1769904000.0 + 28 * DAY)
    assert moment(1769904000.25) == "2026-02-01T00:00:00.250Z"


def test_headers_of_a_version_win_whatever_their_case():
    assert merged({"x-a": "own"}, {"X-A": "all", "X-B": 2}) == {"X-B": 2, "x-a": "own"}
    assert marks({"X-Sib-Sandbox": "DROP", "X-B": 2}).sandbox
    assert marks({"X-B": 2.5}).headers == (("X-B", "2.5"),)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda each: st.lists(each, max_size=3), max_leaves=5)  # fmt: skip
FIELDS = sorted(str(field.alias) for field in form.Request.model_fields.values())


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_request_is_letters_or_refused(asked):
    try:
        made = letters(read(form.Request, asked), Mailbox("ann@acme.example"), "")
    except Wrong as refusal:
        assert refusal.trouble.status == 422  # noqa: PT017 - as above
    else:
        assert all(letter.to for letter in made)


def test_fields_have_brevos_names():
    with pytest.raises(ValidationError, match="message_versions"):
        form.Request.model_validate({"message_versions": []})


@given(st.binary(max_size=300))
def test_any_octets_are_read_as_mail(octets):
    mail = opened(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + octets)
    assert mail.attachments >= 0


@pytest.mark.parametrize("charset", ["utf-8", "hex", "idna", "no-such", "punycode"])
def test_a_text_in_any_charset_is_read(charset):
    octets = f"Subject: s\r\nContent-Type: text/plain; charset={charset}\r\n\r\n".encode() + b"\xc3\xa9 \xff"
    assert isinstance(opened(octets).body, str)


def test_html_counts_before_text_and_files_are_counted():
    message = EmailMessage()
    message["Subject"] = "Été"
    message.set_content("text")
    message.add_alternative("<p>html</p>", subtype="html")
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename="a.pdf")
    mail = opened(bytes(message))
    assert (mail.subject, mail.body.strip(), mail.attachments) == ("Été", "<p>html</p>", 1)


def test_a_mail_of_a_thousand_layers_is_read_or_left():
    octets = b"Content-Type: message/rfc822\r\n\r\n" * 3000 + b"Subject: s\r\n\r\nx"
    assert opened(octets).attachments == 0


CODES = [
    (401, "unauthenticated", 401, "unauthorized"), (403, "forbidden", 403, "permission_denied"),
    (404, "not_found", 404, "document_not_found"), (405, "method_not_allowed", 405, "method_not_allowed"),
    (409, "already_there", 400, "duplicate_parameter"), (409, "too_late", 400, "invalid_parameter"),
    (409, "idempotency_mismatch", 409, "duplicate_request"), (413, "too_large", 400, "out_of_range"),
    (422, "invalid", 400, "invalid_parameter"), (422, "not_supported", 406, "not_acceptable"),
    (429, "quota", 402, "not_enough_credits"), (429, "credential_rate", 429, "too_many_requests"),
    (500, "internal_error", 500, "internal_server_error"), (503, "not_accepting", 503, "service_unavailable"),
]  # fmt: skip


def test_every_rule_has_status_and_code_of_brevo():
    for status, rule, answered, code in CODES:
        told = render(Problem(status, rule, "detail", "fix", 3.0))
        body = json.loads(told.body)
        assert (told.status_code, body["code"], told.headers["retry-after"]) == (answered, code, "4"), rule
        assert body["message"].startswith("detail; ")


def test_a_field_has_the_name_that_brevo_gives_it():
    trouble = Trouble(status=422, code="invalid_address", detail="reply_to.0: no", field="reply_to.0")
    assert error(trouble)["message"] == "replyTo.0: no [invalid_address]"


@given(st.text(max_size=80))
def test_a_name_of_a_template_is_plain(name):
    assert set(slug(name)) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
