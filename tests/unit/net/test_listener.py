"""The listener over real sockets, on asyncio's loop and on uvloop."""

# ruff: noqa: ARG002 - fakes keep the signatures of what they stand for

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import ssl
import struct
import time
from ipaddress import ip_address, ip_network
from types import SimpleNamespace

import pytest
import trustme
import uvloop

from estafette.base.errors import ConfigFault
from estafette.config.schema import Tls
from estafette.net.listener import Listeners, Where
from estafette.net.proxy_protocol import SIGNATURE
from estafette.net.tls import ContextProvider, server_context
from estafette.smtp.events import DataChunk, MessageEnd
from estafette.smtp.server import ServerConfig, ServerConnection

CLOCK = SimpleNamespace(now=time.time, monotonic=time.monotonic)


class Session:
    """Says yes to everything, to messages a moment later; ``log`` holds what came."""

    busy = False
    moment = 0.0

    def __init__(self, log, where, address, port, secure, wake):
        self.connection = ServerConnection(ServerConfig(hostname="mx.test", auth=False, tls=True), secure=secure)
        self.log, self.wake = log, wake
        log.append(("from", address, port))

    def on_event(self, event):
        if isinstance(event, DataChunk):
            self.log.append(("data", len(event.data)))
        if isinstance(event, MessageEnd):
            asyncio.get_running_loop().call_later(self.moment, self.later)
        elif self.connection.waiting:
            self.connection.accept()

    def later(self):
        self.connection.accept("queued")
        self.wake()

    def secured(self, description):
        self.log.append(("tls", description.split()[0]))

    def lost(self):
        self.log.append(("lost",))


def contexts():
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("mx.test").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


async def answer(reader):
    lines = []
    while True:
        line = await asyncio.wait_for(reader.readline(), 10)
        lines.append(line)
        if line[3:4] != b"-":
            return lines[-1][:3]


async def opened(log, host="127.0.0.1", implicit_tls=False, **options):
    listeners = Listeners(lambda *args: Session(log, *args), CLOCK, **options)
    _, port = await listeners.open(Where(host=host, port=0, implicit_tls=implicit_tls))
    return listeners, port


def converse(host, port, context):
    smtp = smtplib.SMTP(timeout=10)
    codes = [smtp.connect(host, port)[0], smtp.docmd("EHLO x")[0], smtp.docmd("STARTTLS")[0]]
    smtp.sock = context.wrap_socket(smtp.sock, server_hostname="mx.test")
    smtp.file = smtp.sock.makefile("rb")
    for line in ("EHLO x", "MAIL FROM:<a@b.de>", "RCPT TO:<c@d.de>", "DATA", "x" * 1_000_001 + "\r\n.", "QUIT"):
        smtp.sock.sendall(line.encode() + b"\r\n")
        codes.append(smtp.getreply()[0])
    smtp.close()
    return codes


async def starttls_and_a_large_message(host):
    log = []
    server, client = contexts()
    listeners, port = await opened(log, host, contexts=lambda: server)
    codes = await asyncio.to_thread(converse, host, port, client)
    assert codes == [220, 250, 220, 250, 250, 250, 354, 250, 221]
    assert ("tls", "TLSv1.3") in log
    assert sum(entry[1] for entry in log if entry[0] == "data") == 1_000_003
    await listeners.drain(1)
    assert not listeners.sockets
    assert log[-1] == ("lost",)


class Slow(Session):
    """Has a message so slowly that the end of the client's side comes first."""

    moment = 0.2


async def half_closed(tail):
    """Return what is answered to a client that ends its side with the final dot, as Exim does."""
    log = []
    listeners = Listeners(lambda *args: Slow(log, *args), CLOCK)
    _, port = await listeners.open(Where(host="127.0.0.1", port=0))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await answer(reader) == b"220"
    writer.write(b"EHLO x\r\n")
    assert await answer(reader) == b"250"
    writer.write(b"MAIL FROM:<a@b.de>\r\nRCPT TO:<c@d.de>\r\nDATA\r\n")
    assert [await answer(reader) for _ in range(3)] == [b"250", b"250", b"354"]
    writer.write(b"Subject: x\r\n\r\n.\r\n" + tail)
    writer.write_eof()
    said = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await listeners.drain(1)
    assert log[-1] == ("lost",)
    return [line[:3] for line in said.splitlines()]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
@pytest.mark.parametrize(("tail", "said"), [(b"QUIT\r\n", [b"250", b"221"]), (b"", [b"250"])])
def test_a_client_that_has_ended_its_side_still_hears_the_answer(run, tail, said):
    assert run(half_closed(tail)) == said


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_starttls_on_asyncio(host):
    await starttls_and_a_large_message(host)


def test_starttls_on_uvloop():
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(starttls_and_a_large_message("127.0.0.1"))


def proxy_header(source):
    packed = ip_address(source).packed
    return SIGNATURE + struct.pack("!BBH", 0x21, 0x11, 12) + packed + packed + struct.pack("!HH", 4711, 25)


async def test_proxy_header_from_a_trusted_address():
    log = []
    listeners, port = await opened(log, proxies=[ip_network("127.0.0.0/8")])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for octet in proxy_header("192.0.2.7"):
        writer.write(bytes([octet]))
        await writer.drain()
    assert await answer(reader) == b"220"
    assert log == [("from", "192.0.2.7", 4711)]
    writer.close()
    await listeners.drain(1)


async def test_proxy_header_from_anyone_else_and_none_from_a_proxy():
    log = []
    strict, port = await opened(log, proxies=[ip_network("127.0.0.0/8")])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"EHLO x\r\n")
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), 10) == b""
    assert log == []
    writer.close()
    await strict.drain(1)
    plain, port = await opened(log)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await answer(reader) == b"220"
    writer.write(proxy_header("192.0.2.7"))
    assert await answer(reader) in {b"500", b"501", b"554"}
    assert log[0][1] == "127.0.0.1"
    writer.close()
    await plain.drain(1)


def write_certificate(folder, name):
    issued = trustme.CA().issue_cert(name)
    (folder / "cert.pem").write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    (folder / "key.pem").write_bytes(issued.private_key_pem.bytes())
    return issued


def test_certificates_are_read_again_when_they_change(tmp_path):
    write_certificate(tmp_path, "one.test")
    provider = ContextProvider(Tls(certificate=str(tmp_path / "cert.pem"), key=str(tmp_path / "key.pem")))
    first = provider()
    assert first.minimum_version == ssl.TLSVersion.TLSv1_2
    assert not provider.refresh()
    (tmp_path / "cert.pem").write_text("half written")
    with pytest.raises(ConfigFault):
        provider.refresh()
    assert provider() is first
    write_certificate(tmp_path, "two.test")
    assert provider.refresh()
    assert provider() is not first


def test_a_missing_certificate_is_explained():
    with pytest.raises(ConfigFault) as caught:
        server_context(Tls(certificate="/nowhere/fullchain.pem"))
    assert caught.value.place == "/nowhere/fullchain.pem"
