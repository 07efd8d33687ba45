"""Asking a service of the operator's own: the whole answer, or why there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from estafette.net.inquiry import Inquirer, InquiryFault

ANSWERS = {
    "/ok": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine",
    "/moved": b"HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n",
    "/broken": b"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\nfine",
    "/endless": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"8\r\nxxxxxxxx\r\n" * 2000,
    "/short": b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\nfine",
    "/garbage": b"\x00\x01\x02 nonsense\r\n\r\n",
}


@pytest.fixture
async def place() -> AsyncIterator[SimpleNamespace]:
    place = SimpleNamespace(heads=[])

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(5)
            place.heads.append(head)
            if said := ANSWERS.get(head.split(b" ")[1].decode()):
                writer.write(said)
            else:
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    place.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield place
    server.close()


async def ask(url: str, *headers: tuple[str, str], within: float = 20.0) -> bytes:
    inquirer = Inquirer(url, within=within, most=1000)
    try:
        return await inquirer.ask(b"hello", headers)
    finally:
        await inquirer.close()


async def test_a_whole_answer_and_fields_that_repeat(place):
    assert await ask(f"{place.url}/ok", ("Rcpt", "a@x.test"), ("Rcpt", "é@x.test")) == b"fine"
    (head,) = place.heads
    assert head.count(b"Rcpt: ") == 2
    assert "é@x.test".encode() in head


@pytest.mark.parametrize("path", ["moved", "broken", "endless", "short", "garbage"])
async def test_anything_else_is_none(place, path):
    with pytest.raises(InquiryFault):
        await ask(f"{place.url}/{path}")


async def test_silence_ends(place):
    with pytest.raises(InquiryFault, match=r"no answer within 0\.1 seconds"):
        await ask(f"{place.url}/silent", within=0.1)


async def test_nobody_there_and_fields_that_would_break_out(place):
    with pytest.raises(InquiryFault):
        await ask("http://127.0.0.1:1/ok")
    with pytest.raises(InquiryFault):
        await ask(f"{place.url}/ok", ("Helo", "x\r\nIP: 192.0.2.1"))
    assert place.heads == []
