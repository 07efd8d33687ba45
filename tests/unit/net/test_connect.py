import asyncio
import ssl

import pytest
import trustme

from estafette.net import client_tls
from estafette.net.connect import ConnectFault, open_connection
from estafette.net.special import Guard

AUTHORITY = trustme.CA()


@pytest.fixture
async def server():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("mx.test").configure_cert(context)
    loop = asyncio.get_running_loop()
    plain = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
    secure = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0, ssl=context)
    yield plain.sockets[0].getsockname()[1], secure.sockets[0].getsockname()[1]
    plain.close()
    secure.close()


class Line(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport


async def test_leaves_from_the_chosen_address(server):
    line = await open_connection(Line, "127.0.0.1", server[0], patience=2, source="127.0.0.2")
    assert line.transport.get_extra_info("sockname")[0] == "127.0.0.2"
    line.transport.abort()


async def test_the_guard_stands_before_the_connection(server):
    with pytest.raises(ConnectFault) as fault:
        await open_connection(Line, "127.0.0.1", server[0], patience=2, guard=Guard())
    assert fault.value.reason == "special_use_address"


async def test_a_source_that_is_not_ours(server):
    with pytest.raises(ConnectFault) as fault:
        await open_connection(Line, "127.0.0.1", server[0], patience=2, source="192.0.2.77")
    assert fault.value.reason == "connect_failed"


async def test_nothing_but_patience_ends():
    # A TLS handshake with a peer that stays silent.
    silent = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    with pytest.raises(ConnectFault) as fault:
        await open_connection(Line, "127.0.0.1", port, patience=0.2, tls=client_tls.opportunistic(), host="mx.test")
    assert fault.value.reason == "connect_timeout"
    silent.close()


async def test_opportunistic_takes_any_certificate_and_verified_does_not(server, tmp_path):
    line = await open_connection(
        Line, "127.0.0.1", server[1], patience=2, tls=client_tls.opportunistic(), host="other.test"
    )
    line.transport.abort()
    with pytest.raises(ConnectFault) as fault:
        await open_connection(Line, "127.0.0.1", server[1], patience=2, tls=client_tls.verified(), host="mx.test")
    assert fault.value.reason == "tls_failed"
    AUTHORITY.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = client_tls.verified(str(tmp_path / "ca.pem"))
    line = await open_connection(Line, "127.0.0.1", server[1], patience=2, tls=context, host="mx.test")
    line.transport.abort()
    with pytest.raises(ConnectFault):
        await open_connection(Line, "127.0.0.1", server[1], patience=2, tls=context, host="other.test")


def test_broken_tls_is_remembered_for_three_days():
    memory = client_tls.BrokenTls()
    memory.remember("mx.test", 100.0)
    assert memory.knows("mx.test", 100.0 + 3 * 86400 - 1)
    assert not memory.knows("mx.test", 100.0 + 3 * 86400)
    assert not memory.knows("other.test", 100.0)
    for n in range(10_000):
        memory.remember(f"h{n}", 100.0)
    assert not memory.knows("mx.test", 100.0)
