"""Slow clients, with a clock that only the test moves."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from estafette.net.listener import Listeners, Where
from estafette.smtp.server import ServerConfig, ServerConnection
from estafette.testing.clock import ManualClock

LINE = b"x" * 98 + b"\r\n"


class Counting(ServerConnection):
    """Knows how much has come."""

    received = 0

    def receive(self, data):
        self.received += len(data)
        super().receive(data)


class Session:
    """Says yes to everything but the end of a message, which waits for ever."""

    busy = False

    def __init__(self, _where, _address, _port, secure, _wake):
        self.connection = Counting(ServerConfig(hostname="mx.test", auth=False), secure=secure)
        self.seen = []

    def on_event(self, event):
        self.seen.append(type(event).__name__)
        if self.connection.waiting and self.seen[-1] != "MessageEnd":
            self.connection.accept()

    def secured(self, description):
        pass

    def lost(self):
        pass


class Scene:
    """One connected client."""

    def __init__(self):
        self.clock = ManualClock()
        self.overloaded = False
        self.session = None
        self.listeners = Listeners(self.make, self.clock, overloaded=lambda: self.overloaded)

    def make(self, *arguments):
        self.session = Session(*arguments)
        return self.session

    async def open(self):
        _, port = await self.listeners.open(Where(host="127.0.0.1", port=0))
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        await self.answers(1)
        return self

    async def answers(self, count):
        """Read replies; return the last line of the last one."""
        while count:
            line = await asyncio.wait_for(self.reader.readline(), 10)
            assert line
            count -= line[3:4] == b" "
        return line

    async def say(self, octets, count=0):
        self.writer.write(octets)
        return await self.answers(count) if count else None

    async def text(self, octets):
        """Send message text and wait until the server has read it."""
        connection = self.session.connection
        before = connection.received
        await self.say(octets)
        async with asyncio.timeout(10):
            while connection.received - before < len(octets):  # noqa: ASYNC110 - the kernel carries it over
                await asyncio.sleep(0)

    def later(self, seconds):
        self.clock.pass_(seconds)
        self.listeners.sweep()

    async def rest(self):
        return await asyncio.wait_for(self.reader.read(), 10)


@pytest.fixture
async def scene():
    one = await Scene().open()
    yield one
    one.writer.close()
    with contextlib.suppress(OSError):
        await one.writer.wait_closed()
    await one.listeners.drain(0)


async def in_data(scene):
    await scene.say(b"EHLO x\r\n", 1)
    await scene.say(b"MAIL FROM:<a@b.de>\r\nRCPT TO:<c@d.de>\r\nDATA\r\n", 3)


async def test_a_command_has_five_minutes(scene):
    scene.later(299)
    assert await scene.say(b"EHLO x\r\n", 1) == b"250 ENHANCEDSTATUSCODES\r\n"
    scene.later(299)
    assert await scene.say(b"NOOP\r\n", 1) == b"250 2.0.0 OK\r\n"
    scene.later(301)
    assert (await scene.rest()).startswith(b"421 4.4.2 timeout")


async def test_under_overload_a_command_has_ten_seconds(scene):
    scene.later(11)
    assert await scene.say(b"EHLO x\r\n", 1) == b"250 ENHANCEDSTATUSCODES\r\n"
    scene.overloaded = True
    scene.later(9)
    assert await scene.say(b"NOOP\r\n", 1) == b"250 2.0.0 OK\r\n"
    scene.later(11)
    assert (await scene.rest()).startswith(b"421 4.4.2 timeout")


async def test_text_below_the_minimum_rate_ends_the_session(scene):
    await in_data(scene)
    await scene.text(LINE * 100)
    scene.later(61)
    assert (await scene.rest()).startswith(b"421 4.4.2 too slow")


async def test_text_at_the_minimum_rate_goes_on_minute_by_minute(scene):
    await in_data(scene)
    for _ in range(3):
        await scene.text(LINE * 320)
        scene.later(61)
    assert len(scene.listeners.sockets) == 1
    scene.later(61)
    assert (await scene.rest()).startswith(b"421 4.4.2 too slow")


async def test_nobody_is_slow_while_we_owe_the_verdict(scene):
    await in_data(scene)
    await scene.text(LINE + b".\r\n")
    scene.later(1000)
    assert not scene.session.connection.closed
    scene.session.connection.accept("queued")
    assert scene.session.connection.take_output() == b"250 2.0.0 queued\r\n"
