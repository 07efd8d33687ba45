"""Outlook's question and its answer."""

from pathlib import Path
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.mail.setup import autodiscover
from estafette.mail.setup.markup import MarkupError
from estafette.model.address import Address, parse_path

GOLDEN = Path(__file__).parents[3] / "data/client-setup/autodiscover.xml"
OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
MOBILE = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
SPACE = f"{{{OUTLOOK}}}"
#: Order and words of Microsoft's reference, "Protocol (POX)"; Encryption is of [MS-OXDSCLI] section 2.2.4.
ORDER = [
    "Type", "Server", "Port", "LoginName", "DomainRequired", "SPA", "SSL", "Encryption", "AuthRequired", "UsePOPAuth", "SMTPLast",
]  # fmt: skip
SWITCHES = {"DomainRequired", "SPA", "SSL", "AuthRequired", "UsePOPAuth", "SMTPLast"}


def question(address, schema=OUTLOOK, root="Autodiscover"):
    told = f"<AcceptableResponseSchema>{schema}</AcceptableResponseSchema>" if schema else ""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><{root} '
        'xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006">'
        f"<Request><EMailAddress>{escape(address)}</EMailAddress>{told}</Request></{root}>"
    ).encode()


def protocols(octets):
    """Fail unless an answer has the shape of the reference; return what each protocol says."""
    root = ET.fromstring(octets)  # noqa: S314  our own
    assert root.tag == "{http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006}Autodiscover"
    account = root.find(f"{SPACE}Response/{SPACE}Account")
    assert [account[0].text, account[1].text] == ["email", "settings"]
    said = []
    for each in account.findall(f"{SPACE}Protocol"):
        fields = {field.tag.removeprefix(SPACE): field.text for field in each}
        assert list(fields) == [name for name in ORDER if name in fields]
        assert {fields[name] for name in SWITCHES & set(fields)} <= {"on", "off"}
        assert fields["Encryption"] in {"SSL", "TLS"}
        said.append(fields)
    return said


def test_the_answer_is_the_golden_one(setup):
    assert autodiscover.written(setup, parse_path("ann&co@acme.example")) == GOLDEN.read_bytes()


def test_only_the_outgoing_half_is_ours_and_its_password_is_another(setup):
    imap, smtp = protocols(GOLDEN.read_bytes())
    assert (imap["Type"], imap["Server"], "UsePOPAuth" in imap) == ("IMAP", "imap.acme.example", False)
    assert (smtp["Type"], smtp["Server"], smtp["UsePOPAuth"]) == ("SMTP", "mx1.service.test", "off")


@pytest.mark.parametrize(
    ("schema", "answerable"), [(OUTLOOK, True), ("", True), (MOBILE, False), ("http://127.0.0.1/", False)]
)
def test_the_form_that_is_asked_for_decides(schema, answerable):
    found = autodiscover.asked(question("Ann@Acme.Example", schema))
    assert (found.address, found.answerable) == (Address("Ann", "acme.example"), answerable)


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"<Autodiscover/>", question(""), question("ann"), question("ann@acme.example\nx"), question("a@b@c"),
        question("ann@acme.example", root="Other"), question("ann@acme.example")[:-3],
        question(f"{'a' * 300}@acme.example"),
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused(octets):
    with pytest.raises(MarkupError):
        autodiscover.asked(octets)


@given(st.binary(max_size=3_000) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_any_octets_are_a_question_or_refused(octets):
    try:
        autodiscover.asked(octets)
    except MarkupError:
        pass


@given(st.text(st.characters(min_codepoint=9, exclude_categories=["Cs"]), max_size=80))
def test_any_address_is_echoed_as_it_was_asked_or_refused(setup_of, text):
    try:
        asked = autodiscover.asked(question(f"{text}@acme.example"))
    except MarkupError:
        return
    _, smtp = protocols(autodiscover.written(setup_of, asked.address))
    assert smtp["LoginName"] == asked.address.text


@pytest.fixture(scope="module")
def setup_of():
    from estafette.model.mailbox import ClientSetup, Endpoint, Mailbox, outgoing

    box = Mailbox(incoming=Endpoint("imap.acme.example", 143, "starttls"))
    return ClientSetup(domain="acme.example", mailbox=box, outgoing=outgoing("mx1.service.test", 0, 587))


def test_starttls_is_said_and_never_no_encryption(setup_of):
    for each in protocols(autodiscover.written(setup_of, parse_path("ann@acme.example"))):
        assert (each["Encryption"], each["SSL"]) == ("TLS", "on")


def test_it_cannot_say_how_else_one_signs_in(setup):
    for sign_in, speaks in (("password", True), ("encrypted", False), ("oauth2", False)):
        box = msgspec.structs.replace(setup.mailbox, sign_in=sign_in)
        assert autodiscover.speaks(msgspec.structs.replace(setup, mailbox=box)) is speaks
