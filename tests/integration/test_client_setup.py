"""A company points its mail programs here: asked over HTTP by curl, and what is answered then carries a message."""

from __future__ import annotations

import json
import plistlib
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree as ET

import pytest
from tests.servers import packages
from tests.servers.letters import await_login, letter, signed_by
from tests.servers.rig import Rig
from tests.servers.service import HOST, RETURN_PATH

SECRET = "QW5uOmh1bnRlcjI="
COMPANY = b"""<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="customer.test">
<incomingServer type="pop3"><hostname>pop.customer.test</hostname><port>995</port><socketType>SSL</socketType>
<authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username></incomingServer>
<incomingServer type="imap"><hostname>imap.customer.test</hostname><port>993</port><socketType>SSL</socketType>
<authentication>password-cleartext</authentication><username>%EMAILLOCALPART%</username></incomingServer>
<outgoingServer type="smtp"><hostname>smtp.customer.test</hostname><port>465</port><socketType>SSL</socketType>
<authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider></clientConfig>"""
QUESTION = """<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>
<EMailAddress>ann@customer.test</EMailAddress><AcceptableResponseSchema>
http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>
</Request></Autodiscover>"""
SPACE = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"


@pytest.fixture
def rig(folder, certificates, dns, postfix):
    settings = {
        "outgoing": {"allow_networks": ["127.0.0.0/8"]},
        "service": {"hostname": HOST, "return_path": RETURN_PATH, "public_url": "https://t.relay.test"},
    }
    with Rig(folder / "service", certificates, dns, postfix, settings=settings) as made:
        yield made


@contextmanager
def company_web() -> Iterator[tuple[str, list[str]]]:
    """Serve the company's own file; yield its address, and what was asked for."""
    asked: list[str] = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(COMPANY)))
            self.end_headers()
            self.wfile.write(COMPANY)

        def log_message(self, *_words: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/config-v1.1.xml", asked
        server.shutdown()


def ask(rig: Rig, path: str, *words: str) -> tuple[int, str, bytes]:
    """Ask the public listener with curl; return status, type and body."""
    place = f"http://{rig.service.address}:{rig.service.public}{path}"
    form = "\n%{http_code} %{content_type}"
    done = subprocess.run(
        [packages.program("curl"), "-sS", "-w", form, *words, place], capture_output=True, timeout=60, check=True
    )
    body, _, told = done.stdout.rpartition(b"\n")
    status, _, kind = told.decode().partition(" ")
    return int(status), kind, body


def until(rig: Rig, path: str, wanted: int, *words: str) -> bytes:
    """Ask until the answer has a status, which takes as long as the snapshot is old."""
    end = time.monotonic() + 20
    while (answer := ask(rig, path, *words))[0] != wanted:
        assert time.monotonic() < end, answer
        time.sleep(0.2)
    return answer[2]


def test_a_company_keeps_its_mailbox_and_sends_through_us(rig):
    service, path = rig.service, "/mail/config-v1.1.xml?emailaddress=ann%40customer.test"
    assert ask(rig, path)[0] == 404
    with company_web() as (url, asked):
        taken = service.cli("domain", "fetch-incoming", "customer.test", "--url", url)["incoming"]
        assert (taken["host"], taken["login"]) == ("imap.customer.test", "%EMAILLOCALPART%")
        told = until(rig, path, 200)
        assert len(asked) == 1, "strangers' questions fetch nothing"
    (provider,) = ET.fromstring(told)  # noqa: S314  our own
    servers = [{each.tag: each.text for each in server} for server in provider if server.tag.endswith("Server")]
    assert [each["hostname"] for each in servers] == ["imap.customer.test", "mx1.relay.test", "mx1.relay.test"]
    assert ask(rig, "/.well-known/autoconfig/mail/config-v1.1.xml", "-H", "Host: customer.test")[2] == told
    _sent_as_told(rig, servers[1:])
    _outlook(rig)
    _apple(rig)
    _advised(rig)
    service.run("domain", "incoming", "customer.test", "--none")
    until(rig, path, 404)


def _sent_as_told(rig: Rig, servers: list[dict[str, str | None]]) -> None:
    """Send a message by each of our doors with nothing but the answer, an address and its password."""
    made = rig.service.credential(stream="personal", username="ann@customer.test")
    await_login(rig.service, made)
    for number, server in enumerate(servers):
        login = cast("str", server["username"]).replace("%EMAILADDRESS%", "ann@customer.test")
        host, port, recipient = server["hostname"], server["port"], f"told{number}@example.test"
        scheme = {"SSL": "smtps", "STARTTLS": "smtp"}[cast("str", server["socketType"])]
        done = subprocess.run(
            [packages.program("curl"), "-sS", "--ssl-reqd", "--cacert", str(rig.service.certificates.ca_file),
             "--resolve", f"{host}:{port}:{rig.service.address}", "--url", f"{scheme}://{host}:{port}",
             "--user", f"{login}:{made['password']}", "--mail-from", "ann@customer.test", "--mail-rcpt", recipient,
             "--upload-file", "-"],
            input=bytes(letter("ann@customer.test", recipient)), capture_output=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        assert signed_by(rig.arrived(recipient)[0], rig.dns, "customer.test")


def _outlook(rig: Rig) -> None:
    words = ["-H", f"Authorization: Basic {SECRET}", "-H", "Content-Type: text/xml", "--data-binary", QUESTION]
    status, kind, body = ask(rig, "/Autodiscover/Autodiscover.xml", *words)
    assert (status, kind) == (200, "text/xml; charset=utf-8")
    protocols = ET.fromstring(body).iter(f"{SPACE}Protocol")  # noqa: S314  our own
    assert [(each.findtext(f"{SPACE}Type"), each.findtext(f"{SPACE}Server")) for each in protocols] == [
        ("IMAP", "imap.customer.test"), ("SMTP", "mx1.relay.test"),
    ]  # fmt: skip
    assert ask(rig, "/autodiscover/autodiscover.xml", "--data-binary", "<Autodiscover/>")[0] == 400
    assert (
        ask(rig, "/autodiscover/autodiscover.xml", *words[2:4], "--data-binary", QUESTION.replace("customer", "other"))[
            0
        ]
        == 404
    )
    written = [rig.service.log, *(file for file in rig.service.data.rglob("*") if file.is_file())]
    assert not [file for file in written if SECRET.encode() in Path(file).read_bytes()]


def _apple(rig: Rig) -> None:
    status, kind, body = ask(rig, "/mail/client.mobileconfig?emailaddress=ann%40customer.test")
    assert (status, kind) == (200, "application/x-apple-aspen-config")
    (account,) = plistlib.loads(body)["PayloadContent"]
    assert (account["IncomingMailServerUsername"], account["OutgoingMailServerPortNumber"]) == (
        "ann", rig.service.submissions,
    )  # fmt: skip


def _advised(rig: Rig) -> None:
    """What is printed for the DNS is found there once it is published."""
    records = rig.service.cli("domain", "show", "customer.test")["records"]
    advice = [(each["name"], each["type"], each["value"]) for each in records if each["purpose"] == "client"]
    assert [kind for _, kind, _ in advice].count("SRV") == 4
    rig.dns.add(advice)
    checked = json.loads(rig.service.run("domain", "check", "customer.test", "--json", check=False).stdout)
    states = {each["name"]: each["state"] for each in checked["records"] if each["purpose"] == "client"}
    assert states == {name: "found" for name, _, _ in advice}
