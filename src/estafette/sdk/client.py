"""The two clients: one that waits, one for asyncio."""

from __future__ import annotations

import asyncio
import time
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from estafette.sdk import emails, events, templates
from estafette.sdk.attempts import Attempts, Retries
from estafette.sdk.call import Call
from estafette.sdk.errors import NoAnswer
from estafette.sdk.method import AsyncGroup, AsyncListing, AsyncMethod, Group, Listing, Method

T = TypeVar("T")
#: Seconds to wait for a connection; a machine that is there accepts within these.
CONNECT = 5.0


class Emails(Group):
    """Messages."""

    send = Method(emails.send)
    send_batch = Method(emails.send_batch)
    send_raw = Method(emails.send_raw)
    get = Method(emails.get)
    list = Listing(emails.every)
    content = Method(emails.content)
    cancel = Method(emails.cancel)
    reschedule = Method(emails.reschedule)
    resend = Method(emails.resend)


class AsyncEmails(AsyncGroup):
    """Messages."""

    send = AsyncMethod(emails.send)
    send_batch = AsyncMethod(emails.send_batch)
    send_raw = AsyncMethod(emails.send_raw)
    get = AsyncMethod(emails.get)
    list = AsyncListing(emails.every)
    content = AsyncMethod(emails.content)
    cancel = AsyncMethod(emails.cancel)
    reschedule = AsyncMethod(emails.reschedule)
    resend = AsyncMethod(emails.resend)


class Templates(Group):
    """Texts with places for values."""

    create = Method(templates.create)
    get = Method(templates.get)
    publish = Method(templates.publish)
    preview = Method(templates.preview)


class AsyncTemplates(AsyncGroup):
    """Texts with places for values."""

    create = AsyncMethod(templates.create)
    get = AsyncMethod(templates.get)
    publish = AsyncMethod(templates.publish)
    preview = AsyncMethod(templates.preview)


class Events(Group):
    """What happened, in the order of the log."""

    list = Listing(events.every)
    follow = Listing(events.follow)


class AsyncEvents(AsyncGroup):
    """What happened, in the order of the log."""

    list = AsyncListing(events.every)
    follow = AsyncListing(events.follow)


class Client:
    """A client that waits for its answers; one serves many threads, and keeps its connections.

    url: of the service, such as ``https://mail.example.net``. key: a credential's api_key. timeout: seconds without
    any octet of an answer. transport: another way to the service, for tests.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 30.0,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(**_how(url, key, timeout), transport=transport)
        self._retries = retries or Retries()
        self.emails = Emails(self)
        self.templates = Templates(self)
        self.events = Events(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def perform(self, call: Call[T]) -> T:
        """Make a call, and make it again while that is safe and may help. SdkError."""
        attempts = Attempts(call, self._retries)
        while True:
            heard = self._ask(call)
            pause = attempts.pause(heard)
            if pause is None:
                return _result(call, heard)
            self.pause(pause)

    def pause(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def _ask(self, call: Call[Any]) -> httpx.Response | httpx.TransportError:
        try:
            return self._http.request(**_request(call))
        except httpx.TransportError as error:
            return error


class AsyncClient:
    """The same for asyncio: methods are awaited, lists are gone through with ``async for``."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 30.0,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(**_how(url, key, timeout), transport=transport)
        self._retries = retries or Retries()
        self.emails = AsyncEmails(self)
        self.templates = AsyncTemplates(self)
        self.events = AsyncEvents(self)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connections."""
        await self._http.aclose()

    async def perform(self, call: Call[T]) -> T:
        """Make a call, and make it again while that is safe and may help. SdkError."""
        attempts = Attempts(call, self._retries)
        while True:
            heard = await self._ask(call)
            pause = attempts.pause(heard)
            if pause is None:
                return _result(call, heard)
            await self.pause(pause)

    async def pause(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _ask(self, call: Call[Any]) -> httpx.Response | httpx.TransportError:
        try:
            return await self._http.request(**_request(call))
        except httpx.TransportError as error:
            return error


def _how(url: str, key: str, timeout: float) -> dict[str, Any]:
    agent = f"estafette-sdk/{version('estafette')}"
    headers = {"Authorization": f"Bearer {key}", "User-Agent": agent, "Accept": "application/json, */*;q=0.5"}
    limit = httpx.Timeout(timeout, connect=min(timeout, CONNECT))
    return {"base_url": url, "headers": headers, "timeout": limit}


def _request(call: Call[Any]) -> dict[str, Any]:
    return {
        "method": call.method, "url": call.path, "params": dict(call.query), "json": call.body,
        "headers": dict(call.headers),
    }  # fmt: skip


def _result(call: Call[T], heard: httpx.Response | httpx.TransportError) -> T:
    if isinstance(heard, httpx.TransportError):
        detail = f"{call.method} {call.path}: {str(heard) or type(heard).__name__}"
        raise NoAnswer(detail) from heard
    return call.result(heard)
