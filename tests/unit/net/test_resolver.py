import asyncio
import contextlib

import dnslib
import pytest

from estafette.net.resolver import Resolver

ZONE = """
d.test.      60 IN MX 20 b.d.test.
d.test.      60 IN MX 10 A.d.test.
null.test.   60 IN MX 0 .
odd.test.    60 IN MX 0 .
odd.test.    60 IN MX 5 a.d.test.
alias.test.  60 IN CNAME d.test.
plain.test.  60 IN A 192.0.2.1
a.d.test.    60 IN A 192.0.2.10
a.d.test.    60 IN AAAA 2001:db8::10
t.test.      60 IN TXT "v=spf1 " "-all"
"""


class Server(asyncio.DatagramProtocol):
    """A DNS server of one zone with faults by name: servfail.*, silent.*, cut.* (truncated over UDP)."""

    def __init__(self):
        self.records = dnslib.RR.fromZone(ZONE)
        self.asked = []
        self.over_tcp = 0

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        answer = self.answer(data)
        if answer is not None:
            self.transport.sendto(answer, address)

    async def stream(self, reader, writer):
        size = int.from_bytes(await reader.readexactly(2))
        answer = self.answer(await reader.readexactly(size), tcp=True)
        self.over_tcp += 1
        writer.write(len(answer).to_bytes(2) + answer)
        await writer.drain()
        writer.close()

    def answer(self, data, *, tcp=False):
        query = dnslib.DNSRecord.parse(data)
        name, kind = str(query.q.qname).lower(), query.q.qtype
        self.asked.append(name)
        reply = query.reply()
        if name.startswith("silent."):
            return None
        if name.startswith("servfail."):
            reply.header.rcode = dnslib.RCODE.SERVFAIL
            return reply.pack()
        if name.startswith("cut."):
            if tcp:
                reply.add_answer(dnslib.RR(name, kind, ttl=60, rdata=dnslib.MX("a.d.test.", 1)))
            else:
                reply.header.tc = 1
            return reply.pack()
        found = [r for r in self.records if str(r.rname).lower() == name]
        for record in found:
            if record.rtype in (kind, dnslib.QTYPE.CNAME):
                reply.add_answer(record)
            if record.rtype == dnslib.QTYPE.CNAME:
                for further in (r for r in self.records if r.rname == record.rdata.label and r.rtype == kind):
                    reply.add_answer(further)
        if not found:
            reply.header.rcode = dnslib.RCODE.NXDOMAIN
        return reply.pack()


@contextlib.asynccontextmanager
async def dns(**more):
    loop = asyncio.get_running_loop()
    tcp = None
    for _ in range(20):
        transport, server = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
        try:
            tcp = await asyncio.start_server(server.stream, "127.0.0.1", port)
            break
        except OSError:
            transport.close()
    assert tcp is not None
    try:
        yield server, Resolver([("127.0.0.1", port)], **{"lifetime": 3.0, **more})
    finally:
        transport.close()
        tcp.close()


@pytest.mark.parametrize(
    ("domain", "kind", "hosts"),
    [
        ("d.test", "mx", ((10, "a.d.test"), (20, "b.d.test"))),
        ("alias.test", "mx", ((10, "a.d.test"), (20, "b.d.test"))),
        ("null.test", "null", ()),
        ("odd.test", "mx", ((5, "a.d.test"),)),
        ("plain.test", "implicit", ((0, "plain.test"),)),
        ("nowhere.test", "nxdomain", ()),
        ("servfail.test", "temporary", ()),
        ("cut.test", "mx", ((1, "a.d.test"),)),
        ("x" * 64 + ".test", "nxdomain", ()),
        ("a..test", "nxdomain", ()),
        ("é" * 60 + ".test", "nxdomain", ()),
    ],
)
async def test_mx(domain, kind, hosts):
    async with dns() as (server, resolver):
        answer = await resolver.mx(domain)
        assert (answer.kind, answer.hosts) == (kind, hosts)
        assert (server.over_tcp > 0) == domain.startswith("cut.")


async def test_silence_is_temporary_and_bounded():
    async with dns(lifetime=0.4) as (_, resolver):
        async with asyncio.timeout(3):
            assert (await resolver.mx("silent.test")).kind == "temporary"


async def test_trouble_with_mx_never_falls_back_to_addresses():
    async with dns() as (server, resolver):
        await resolver.mx("servfail.test")
        assert set(server.asked) == {"servfail.test."}


async def test_addresses():
    async with dns() as (_, resolver):
        assert (await resolver.addresses("a.d.test", v6=False)).addresses == ("192.0.2.10",)
        assert (await resolver.addresses("a.d.test", v6=True)).addresses == ("2001:db8::10", "192.0.2.10")
        assert (await resolver.addresses("plain.test", v6=True)).addresses == ("192.0.2.1",)
        assert (await resolver.addresses("nowhere.test", v6=True)).kind == "none"
        assert (await resolver.addresses("servfail.test", v6=True)).kind == "temporary"
        assert (await resolver.addresses("127.0.0.1", v6=False)).kind == "none"


async def test_txt_joins_strings():
    async with dns() as (_, resolver):
        assert (await resolver.txt("t.test")).texts == ("v=spf1 -all",)
        assert (await resolver.txt("nowhere.test")).kind == "none"
        assert (await resolver.txt("servfail.test")).kind == "temporary"


@pytest.mark.parametrize("domain", ["d.test", "nowhere.test", "plain.test"])
async def test_one_question_for_many_askers(domain):
    async with dns() as (server, resolver):
        answers = await asyncio.gather(*[resolver.mx(domain) for _ in range(20)])
        answers.append(await resolver.mx(domain))
        assert len({id(a) for a in answers}) == 1
        assert len(server.asked) == 1
        resolver.forget()
        await resolver.mx(domain)
        assert len(server.asked) == 2


async def test_an_asker_that_gives_up_takes_nothing_from_the_others():
    async with dns(lifetime=0.5) as (_, resolver):
        first = asyncio.create_task(resolver.mx("silent.test"))
        second = asyncio.create_task(resolver.mx("silent.test"))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).kind == "temporary"
        with pytest.raises(asyncio.CancelledError):
            await first
