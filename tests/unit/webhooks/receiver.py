"""The customer's side: a real HTTP server on loopback, which checks signatures with the standard's own library."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from standardwebhooks import Webhook


class Got:
    def __init__(self, request, body):
        self.id = request.headers["webhook-id"]
        self.headers, self.body = dict(request.headers), body
        self.path = request.path

    def json(self):
        return json.loads(self.body)


class Receiver:
    """Notes every call. answer: (status, headers, body) or a coroutine function of the call."""

    def __init__(self):
        self.calls: list[Got] = []
        self.answer: Callable = lambda _call: web.Response()
        self.note: Callable = lambda _call, _status: None
        self.under_way = self.most_under_way = 0
        self.url = ""

    async def handle(self, request):
        call = Got(request, await request.read())
        self.calls.append(call)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            answer = self.answer(call)
            answer = await answer if asyncio.iscoroutine(answer) else answer
            self.note(call, answer.status)
            return answer
        finally:
            self.under_way -= 1

    def ids(self):
        return [call.id for call in self.calls]

    def kinds(self):
        return [call.json()["type"] for call in self.calls]


def verified(call, secret):
    """Return what the standard's library says the call holds; it raises for a false signature."""
    return Webhook(secret).verify(call.body, call.headers)


@asynccontextmanager
async def open_receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", receiver.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()
