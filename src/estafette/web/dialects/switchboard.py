"""Which dialect a request speaks: told by the host that it asks, or by the first part of its path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from starlette.types import ASGIApp, Receive, Scope, Send

from estafette.config.schema import DialectName
from estafette.web.dialects.dialect import Dialect
from estafette.web.services import Services


class Switchboard:
    """ASGI: hands a request to its dialect, every other one to our own API.

    A dialect answers below ``/NAME``, and on its hosts, where nothing else answers. No path of a foreign service is
    ours: two of them begin with ``/v3``.
    """

    def __init__(self, app: ASGIApp, services: Services, dialects: Sequence[Dialect]) -> None:
        self._app = app
        self._prefixes: dict[str, ASGIApp] = {f"/{each.name}": _Waiting(each, services) for each in dialects}
        self._hosts = _hosts(self._prefixes, services.settings.dialects)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._hosts and (app := self._hosts.get(_host(scope))) is not None:
            await app(scope, receive, send)
            return
        prefix = scope["path"][: max(0, scope["path"].find("/", 1))]
        app = self._prefixes.get(prefix)
        if app is None:
            await self._app(scope, receive, send)
        else:
            await app({**scope, "root_path": scope.get("root_path", "") + prefix}, receive, send)


class _Waiting:
    """ASGI: a dialect that is built when it is spoken for the first time; most services hear few of them."""

    def __init__(self, dialect: Dialect, services: Services) -> None:
        self._dialect = dialect
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        await self._app(scope, receive, send)

    @cached_property
    def _app(self) -> ASGIApp:
        return self._dialect.app(self._services)


def _hosts(prefixes: Mapping[str, ASGIApp], named: Mapping[DialectName, Sequence[str]]) -> dict[str, ASGIApp]:
    return {host.lower(): prefixes[f"/{name}"] for name, hosts in named.items() for host in hosts}


def _host(scope: Scope) -> str:
    """Return the host of a request, in lower case, without its port."""
    value: bytes = next((value for name, value in scope["headers"] if name == b"host"), b"")
    host = value.decode("latin-1").lower()
    return host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
