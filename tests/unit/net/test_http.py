"""Fetching what strangers name: bounded, and never from where the guard says no."""

import asyncio

import pytest

from estafette.net.fetched import FetchFault
from estafette.net.http import Fetcher
from estafette.net.resolver import Resolver

ANSWERS = {
    "/file": b"HTTP/1.1 200 OK\r\nContent-Type: image/png; x=y\r\nContent-Length: 4\r\n\r\nfile",
    "/endless": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"8\r\nxxxxxxxx\r\n" * 1000,
    "/packed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nfile",
    "/inside": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:1/\r\nContent-Length: 0\r\n\r\n",
    "/moved": b"HTTP/1.1 301 Moved\r\nLocation: /file\r\nContent-Length: 0\r\n\r\n",
    "/round": b"HTTP/1.1 307 Again\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n",
    "/local": b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
    "/gone": b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n",
}


@pytest.fixture
async def place():
    async def answer(reader, writer):
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        if path != "/silent":
            writer.write(ANSWERS[path])
        else:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


def fetcher(**how):
    return Fetcher(Resolver([("127.0.0.1", 1)]), ["127.0.0.1/32"], **how)


async def test_a_file_comes_with_its_type_also_from_where_it_moved_to(place):
    for path in ("/file", "/moved"):
        found = await fetcher().get(place + path, 4)
        assert (found.body, found.type) == (b"file", "image/png")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/endless", "larger than 100"),
        ("/packed", "compressed"),
        ("/inside", "not public"),
        ("/round", "more than 3 times"),
        ("/local", "no http"),
        ("/gone", "404"),
    ],
)
async def test_what_is_not_as_it_should_be_is_refused(place, path, why):
    with pytest.raises(FetchFault, match=why):
        await fetcher().get(place + path, 100)


async def test_who_says_nothing_is_left(place):
    with pytest.raises(FetchFault, match="longer than"):
        await fetcher(within=0.2).get(f"{place}/silent", 100)


@pytest.mark.parametrize(
    "host", ["127.0.0.2", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.2]", "0.0.0.0", "2130706434"]
)
async def test_special_addresses_are_not_connected_to(host):
    with pytest.raises(FetchFault):
        await fetcher(within=5).get(f"http://{host}:9/", 100)


async def test_a_name_nobody_knows_is_a_fault():
    with pytest.raises(FetchFault):
        await Fetcher(Resolver([("127.0.0.1", 1)], lifetime=0.3), within=3).get("http://no.example/", 100)
