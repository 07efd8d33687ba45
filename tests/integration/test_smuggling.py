"""What we send can never be read as two messages, whoever wrote what we took (RFC 5321 section 2.3.8)."""

import base64
import json
import smtplib
import urllib.request
from collections.abc import Callable
from itertools import product

import pytest
from tests.servers import loopback
from tests.servers.letters import signed_by
from tests.servers.rig import Rig

from estafette.testing import ScriptedMx

_ENDS = [b"\r\n", b"\n", b"\r", b"\n\r", b"\r\r\n", b"\n\n", b"\r\n\r"]
#: every way in which some server or other has taken a line for the end of data, and the real one
DOTS = sorted({before + b"." + after for before, after in product(_ENDS, _ENDS)})
_INNER = b"MAIL FROM:<boss@customer.test>\r\nRCPT TO:<jane@example.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n"
#: octets: kept in a row, kept in a file, prepared in several pieces
SIZES = {"small": 0, "streamed": 300_000, "large": 3_000_000}


def crafted(size: int) -> bytes:
    """Return a letter with every false end in its body, each in front of what a smuggler would have say."""
    head = b"From: shop@customer.test\r\nTo: jane@example.test\r\nSubject: outer\r\n\r\n"
    filling = (b"y" * 70 + b"\r\n") * (size // 144)
    return head + filling + b"".join(b"line" + dot + _INNER for dot in DOTS) + filling + b"end\r\n"


def _by_http(rig: Rig, octets: bytes, recipients: list[str]) -> None:
    order = {"from": "shop@customer.test", "to": recipients, "raw": base64.b64encode(octets).decode()}
    request = urllib.request.Request(
        f"http://{rig.service.address}:{rig.service.http}/v1/emails/raw", json.dumps(order).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {rig.credential['api_key']}"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 202


def _by_smtp(rig: Rig, send: Callable[[smtplib.SMTP], None], recipients: list[str]) -> None:
    with smtplib.SMTP(rig.service.address, rig.service.submission, timeout=60) as client:
        client.starttls(context=rig.service.certificates.client())
        client.login(rig.credential["username"], rig.credential["password"])
        client.mail("shop@customer.test")
        for recipient in recipients:
            assert client.rcpt(recipient)[0] == 250
        send(client)
        assert client.getreply()[0] == 250


def _by_data(rig: Rig, octets: bytes, recipients: list[str]) -> None:
    def send(client: smtplib.SMTP) -> None:
        assert client.docmd("DATA")[0] == 354
        assert client.sock is not None
        client.sock.sendall(octets.replace(b"\r\n.", b"\r\n..") + b".\r\n")

    _by_smtp(rig, send, recipients)


def _by_bdat(rig: Rig, octets: bytes, recipients: list[str]) -> None:
    def send(client: smtplib.SMTP) -> None:
        assert client.sock is not None
        client.sock.sendall(b"BDAT %d LAST\r\n" % len(octets) + octets)

    _by_smtp(rig, send, recipients)


WAYS = {"http": _by_http, "data": _by_data, "bdat": _by_bdat}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("way", WAYS)
def test_one_message_in_is_one_message_out(shared_rig, way, size):
    wire = ScriptedMx({}, loopback.address(), shared_rig.postfix.port)
    jane, domain = f"jane-{way}-{size}@example.test", f"{way}-{size}.test"
    with wire:
        shared_rig.dns.mail_exchanger(domain, wire.at[0])
        WAYS[way](shared_rig, crafted(SIZES[size]), [jane, f"joe@{domain}"])
        shared_rig.ended(f"joe@{domain}")
    (seen,) = wire.messages
    assert seen.count(b"\r") == seen.count(b"\n") == seen.count(b"\r\n"), "a bare CR or LF on the wire"
    assert b"\r\n.\r\n" not in seen, "an end of data before the end"
    assert sum(command.upper().startswith(b"MAIL") for each in wire.conversations for command in each.commands) == 1
    assert seen.count(b"Subject: smuggled") == len(DOTS)
    (arrived,) = shared_rig.arrived(jane)
    assert arrived.count(b"Subject: smuggled") == len(DOTS)
    assert signed_by(arrived, shared_rig.dns, "customer.test")
