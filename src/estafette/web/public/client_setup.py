"""What mail programs ask before they have an account: Thunderbird, Outlook, Apple's. Anybody is told, about domains.

Only a domain that has proved itself and says where its people read is answered for; everything else is 404, alike. No
address is ever looked up. Nothing but path, query, host and, for Outlook, the body is read: an ``Authorization`` that a
program sends along is neither asked for nor looked at, and nothing of a request is logged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import parse_qs

from estafette.mail.setup import autoconfig, autodiscover, markup, profile
from estafette.model.address import Address, AddressError, parse_path
from estafette.model.mailbox import ClientSetup, Endpoint, mailbox_of
from estafette.web.public.answers import (
    NOT_FOUND,
    Answer,
    App,
    Receive,
    Scope,
    Send,
    header,
    not_allowed,
    plain,
)
from estafette.web.public.standing import Standing

AUTOCONFIG = frozenset({"/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml"})
PROFILE = "/mail/client.mobileconfig"
#: In small letters: programs write it in several ways.
AUTODISCOVER = "/autodiscover/autodiscover.xml"
#: Octets of a question, and seconds for it to arrive.
MOST, WITHIN = 16 * 1024, 10.0
_XML = b"text/xml; charset=utf-8"
_LATER = plain(503, "try again later", [(b"retry-after", b"10")])
_ONLY_GET, _ONLY_POST = not_allowed(b"GET, HEAD"), not_allowed(b"POST")
_LARGE, _SLOW, _UNREADABLE = plain(413, "too large"), plain(408, "too slow"), plain(400, "not a question")


class ClientSetups:
    """outgoing: the doors of this service for mail programs. public_url: the address of this listener."""

    def __init__(self, standing: Standing, outgoing: Sequence[Endpoint], public_url: str) -> None:
        self._standing = standing
        self._outgoing = tuple(outgoing)
        self._public_url = public_url.rstrip("/")

    def rooms(self) -> dict[str, App]:
        """Return it under the beginnings of its paths, as the door wants them."""
        return dict.fromkeys(("/ma", "/.w", "/au", "/Au", "/aU", "/AU"), self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await (await self._answer(scope, receive))(send)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        path = scope["path"]
        if path.lower() == AUTODISCOVER:
            return await self._outlook(scope, receive)
        if path not in AUTOCONFIG and path != PROFILE:
            return NOT_FOUND
        if scope["method"] not in {"GET", "HEAD"}:
            return _ONLY_GET
        if self._standing.directory is None:
            return _LATER
        try:
            address = _address(scope)
        except AddressError:
            return NOT_FOUND
        setup = self._of(address.domain if address else _host(scope))
        if setup is None:
            return NOT_FOUND
        return Answer(200, autoconfig.written(setup), _XML) if path in AUTOCONFIG else _profile(setup, address)

    async def _outlook(self, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] != "POST":
            return self._led_on(scope)
        if self._standing.directory is None:
            return _LATER
        try:
            async with asyncio.timeout(WITHIN):
                body = await _body(receive)
            if body is None:
                return _LARGE
            question = autodiscover.asked(body)
        except TimeoutError:
            return _SLOW
        except markup.MarkupError:
            return _UNREADABLE
        setup = self._of(question.address.domain) if question.answerable else None
        if setup is None or not autodiscover.speaks(setup):
            return NOT_FOUND
        return Answer(200, autodiscover.written(setup, question.address), _XML)

    def _led_on(self, scope: Scope) -> Answer:
        """Lead Outlook from a name without a certificate to the one that has it (its redirect method, by GET)."""
        if scope["method"] != "GET" or scope["scheme"] == "https" or not self._public_url.startswith("https://"):
            return _ONLY_POST
        return Answer(302, more=[(b"location", f"{self._public_url}{AUTODISCOVER}".encode())])

    def _of(self, name: str) -> ClientSetup | None:
        """Return the set-up of a domain; None for every reason not to have one."""
        directory = self._standing.directory
        domain = directory.proved(name) if directory is not None and name else None
        if domain is None or self._standing.of(domain.tenant) != "good" or not self._outgoing:
            return None
        box = mailbox_of(domain)
        return None if box is None else ClientSetup(domain=domain.name, mailbox=box, outgoing=self._outgoing)


def _profile(setup: ClientSetup, address: Address | None) -> Answer:
    if not profile.speaks(setup):
        return NOT_FOUND
    file = f'attachment; filename="{setup.domain}.mobileconfig"'.encode()
    return Answer(200, profile.written(setup, address), profile.TYPE.encode(), [(b"content-disposition", file)])


def _address(scope: Scope) -> Address | None:
    """Return the address that is asked about, None when there is none; AddressError."""
    fields = parse_qs(scope["query_string"][:2_000].decode("latin-1"))
    given = fields.get("emailaddress")
    return parse_path(given[0], smtputf8=True) if given else None


def _host(scope: Scope) -> str:
    """Return the domain whose name for this purpose was asked."""
    name = header(scope, b"host").lower().partition(":")[0].rstrip(".")
    return name.removeprefix("autoconfig.")


async def _body(receive: Receive) -> bytes | None:
    pieces, size = [], 0
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > MOST:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return b"".join(pieces)
