"""Thunderbird's file: written as the draft has it, and a company's own read back."""

from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.mail.setup import autoconfig
from estafette.mail.setup.markup import MarkupError
from estafette.model.mailbox import ADDRESS, SIGN_INS, SOCKETS, ClientSetup, Endpoint, Mailbox, outgoing

GOLDEN = Path(__file__).parents[3] / "data/client-setup/config-v1.1.xml"
#: What a server must say, in the draft's words (section "Config file format"), and which words there are.
SERVER = ["hostname", "port", "socketType", "authentication", "username"]
WORDS = {
    "socketType": {"SSL", "STARTTLS"},
    "authentication": {"password-cleartext", "password-encrypted", "OAuth2"},
}


def shape(octets):
    """Fail unless a file has the draft's shape; return its servers."""
    root = ET.fromstring(octets)  # noqa: S314  our own
    assert (root.tag, root.attrib) == ("clientConfig", {"version": "1.1"})
    (provider,) = root
    assert provider.tag == "emailProvider"
    assert provider.attrib["id"] == provider.findtext("domain")
    servers = [each for each in provider if each.tag.endswith("Server")]
    assert [(each.tag, each.attrib["type"]) for each in servers[:2]] == [
        ("incomingServer", "imap"), ("outgoingServer", "smtp"),
    ]  # fmt: skip
    for server in servers:
        assert [each.tag for each in server] == SERVER
        assert 0 < int(server.findtext("port")) < 65536
        assert all(server.findtext(name) in words for name, words in WORDS.items())
    return servers


def test_the_file_is_the_golden_one_and_has_the_drafts_shape(setup):
    assert autoconfig.written(setup) == GOLDEN.read_bytes()
    assert len(shape(GOLDEN.read_bytes())) == 3


@given(
    st.sampled_from(SOCKETS), st.sampled_from(SIGN_INS), st.integers(1, 65535),
    st.text(st.characters(exclude_categories=["C", "Z"]), max_size=40),
)  # fmt: skip
def test_whatever_is_said_is_written_so_that_it_reads_back(socket, sign_in, port, text):
    box = Mailbox(incoming=Endpoint("imap.acme.example", port, socket), sign_in=sign_in, login=f"{text}{ADDRESS}")
    octets = autoconfig.written(ClientSetup(domain="a.test", mailbox=box, outgoing=outgoing("mx.test", 465, 587)))
    shape(octets)
    assert autoconfig.mailbox(octets) == box


def company(*servers):
    return f"<clientConfig><emailProvider id='x'>{''.join(servers)}</emailProvider></clientConfig>".encode()


def server(socket="SSL", kind="imap", port="993", sign_in="<authentication>password-cleartext</authentication>"):
    return (
        f"<incomingServer type='{kind}'><hostname>{socket.lower()}.test</hostname><port>{port}</port>"
        f"<socketType>{socket}</socketType>{sign_in}</incomingServer>"
    )


def test_of_a_companys_servers_the_one_with_tls_over_imap_is_taken():
    found = autoconfig.mailbox(company(server(kind="pop3"), server("plain"), server("STARTTLS", port="143"), server()))
    assert found == Mailbox(incoming=Endpoint("ssl.test", 993, "tls"))


def test_the_first_way_of_signing_in_that_is_known_is_taken():
    ways = "<authentication>Kerberos</authentication><authentication>OAuth2</authentication><authentication>plain</authentication>"
    assert autoconfig.mailbox(company(server(sign_in=ways))).sign_in == "oauth2"


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"<a/>", company(), company(server("plain")), company(server(kind="pop3")), company(server(port="0")),
        company(server(port="70000")), company(server(port="\u0663")), company(server(sign_in="")),
        company(server(sign_in="<authentication>NTLM</authentication>")),
        b"<html>" + company(server()) + b"</html>",
    ],
)  # fmt: skip
def test_a_file_without_an_encrypted_imap_server_is_refused(octets):
    with pytest.raises(MarkupError):
        autoconfig.mailbox(octets)


@given(st.binary(max_size=2_000) | st.binary(max_size=200).map(lambda noise: company(server()) + noise))
def test_any_octets_are_read_or_refused(octets):
    try:
        assert isinstance(autoconfig.mailbox(octets), Mailbox)
    except MarkupError:
        pass


def test_our_own_file_says_where_others_read_and_nothing_of_ours(setup):
    other = msgspec.structs.replace(setup, outgoing=outgoing("mx2.service.test", 0, 587))
    assert autoconfig.mailbox(autoconfig.written(setup)) == autoconfig.mailbox(autoconfig.written(other))
