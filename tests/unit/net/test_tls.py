"""Certificates chosen by the name that the client asks for."""

from __future__ import annotations

import asyncio
import ssl

import pytest
import trustme

from estafette.config.schema import Tls
from estafette.net.tls import server_context


@pytest.fixture
def folder(tmp_path):
    authority = trustme.CA()
    hosts = tmp_path / "hosts"
    hosts.mkdir()
    for name in ("mx.default.test", "mail.customer.test"):
        authority.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(str(hosts / f"{name}.pem"))
    (hosts / "mx.default.test.pem").rename(tmp_path / "default.pem")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path


async def shown(folder, name):
    """Return the name on the certificate that a client asking for ``name`` is shown."""
    context = server_context(Tls(certificate=str(folder / "default.pem"), key="", hosts=str(folder / "hosts")))
    client = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    client.check_hostname = False

    async def serve(_reader, writer):
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname=name)
        certificate = writer.get_extra_info("peercert")
        writer.close()
    return certificate["subjectAltName"][0][1]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("mail.customer.test", "mail.customer.test"),
        ("MAIL.Customer.test", "mail.customer.test"),
        ("mx.default.test", "mx.default.test"),
        ("unknown.test", "mx.default.test"),
        ("127.0.0.1", "mx.default.test"),
    ],
)
async def test_the_certificate_fits_the_name(folder, asked, answer):
    assert await shown(folder, asked) == answer
