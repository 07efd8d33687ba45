"""Both clients before the HTTP application of a real store, real control tables and the real gate."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from tests.unit.web.world import open_world

from estafette.sdk import AsyncClient, Client, Retries
from estafette.tenancy import suppressions, templates
from estafette.tenancy.permissions import Actor
from estafette.tenancy.template_text import Written

QUICK = Retries(first=0.0, longest=0.0)


@pytest.fixture
async def world(tmp_path):
    """Tenants acme and rival, each with a domain and a credential; nobody@y.example is suppressed for acme."""
    more = partial(suppressions.add, tenant="acme", address="nobody@y.example")
    async with open_world(tmp_path, more=more) as made:
        yield made


class InThread(httpx.BaseTransport):
    """Lets a client that waits, in a thread of its own, ask an application that lives in the test's loop."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner, self._loop = inner, asyncio.get_running_loop()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run_coroutine_threadsafe(self._ask(request), self._loop).result()

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


class Either:
    """One of the two clients, used in one way: ``await ask("emails.send", ...)``; lists come as lists."""

    def __init__(self, client: Client | AsyncClient) -> None:
        self.client = client

    async def ask(self, name: str, *args: Any, most: int = 1000, **named: Any) -> Any:
        group, _, method = name.partition(".")
        made: Callable[..., Any] = getattr(getattr(self.client, group), method)
        if isinstance(self.client, Client):
            return await asyncio.to_thread(self._waited, made, args, named, most)
        found = made(*args, **named)
        if inspect.isasyncgen(found):
            return await _first(found, most)
        return await found

    @staticmethod
    def _waited(made: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any], most: int) -> Any:
        found = made(*args, **named)
        return [item for item, _ in zip(found, range(most), strict=False)] if inspect.isgenerator(found) else found


async def _first(found: AsyncIterator[Any], most: int) -> list[Any]:
    items = []
    async for item in found:
        items.append(item)
        if len(items) == most:
            break
    await found.aclose()  # type: ignore[attr-defined]  # it is a generator
    return items


@pytest.fixture(params=["waiting", "asyncio"])
async def either(request):
    """A client over a transport: ``either(transport, key, ...)``."""
    opened = []

    def make(transport: httpx.AsyncBaseTransport, key: str = "key", **how: Any) -> Either:
        how = {"retries": QUICK, **how}
        if request.param == "waiting":
            opened.append(Client("http://relay.test", key, transport=InThread(transport), **how))
        else:
            opened.append(AsyncClient("http://relay.test", key, transport=transport, **how))
        return Either(opened[-1])

    yield make
    for client in opened:
        if isinstance(client, Client):
            client.close()
        else:
            await client.close()


@pytest.fixture
async def door(world):
    """A client of the application with some key; asyncio's, as both have the same calls."""
    async with AsyncExitStack() as opened:

        async def make(key: str) -> Either:
            client = AsyncClient("http://relay.test", key, retries=QUICK, transport=httpx.ASGITransport(world.app))
            return Either(await opened.enter_async_context(client))

        yield make


@pytest.fixture
async def acme(world, door):
    """A client with the key of acme's credential."""
    return await door(world.keys["acme"]["api_key"])


@pytest.fixture
async def both(world, either):
    """Each of the two clients with the key of acme's credential."""
    return either(httpx.ASGITransport(world.app), world.keys["acme"]["api_key"])


@pytest.fixture
def template(world):
    """Name of a published template of acme."""
    text = Written(subject="Order {{ id }}", text="Dear {{ name }}")
    office = world.services.office(Actor(kind="cli", id="", name="test"))
    templates.create(office, "acme", "order", text, publish_it=True)
    return "order"


@pytest.fixture
def scripted(either):
    """A client of a service that gives these answers one after the other; says what it was asked."""

    def make(*answers: httpx.Response | type[httpx.TransportError], **how: Any) -> SimpleNamespace:
        waiting, asked = list(answers), []

        def handle(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            answer = waiting.pop(0)
            if isinstance(answer, type):
                raise answer("lost")
            return answer

        return SimpleNamespace(ask=either(httpx.MockTransport(handle), **how).ask, asked=asked)

    return make
