"""A recipient's message as it was sent: without measuring, for the link to view it in a browser; and as captured."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Literal, cast

import msgspec

from estafette.base.seal import Keyring
from estafette.config.schema import Service
from estafette.mail import late
from estafette.mail.headers import Head
from estafette.model.message import Content, Delivery
from estafette.model.recipe import unpack
from estafette.model.stream import Tracking
from estafette.relay.preparation.context import PreparationContext
from estafette.relay.preparation.prepare import prepare
from estafette.relay.preparation.rewriting import edits
from estafette.relay.submission.return_gate import MAC_PURPOSE
from estafette.store.interface.spool import Spool
from estafette.tracking import token
from estafette.tracking.edit import applied
from estafette.tracking.token import Target
from estafette.tracking.writer import Writer

#: Octets of a message that is shown.
LARGEST = 10 << 20
_PATHS = {"view": "/v/", "unsubscribe": "/u/"}


class Viewing:
    """Reads messages and writes them for one reader. public_url: under which the reader's own pages stand."""

    def __init__(self, spool: Spool, keyring: Keyring, public_url: str) -> None:
        self._spool = spool
        self._keyring = keyring
        self._public_url = public_url

    async def letter(self, target: Target) -> bytes | None:
        """Return the message of a token's recipient; None when it is kept no longer, is private, or is too large.

        StoreFault, and as a recipe fails.
        """
        content = (await self._spool.contents([target.message])).get(target.message)
        if content is None or content.tenant != target.tenant or content.kind == "personal" or content.size > LARGEST:
            return None
        body = await _whole(self._spool, content)
        return await asyncio.to_thread(self._written, content, body, target)

    def _written(self, content: Content, body: bytes, target: Target) -> bytes:
        message = late.write(unpack(body), target.number) if content.late else body
        writer = _Own(self._keyring, self._public_url, target)
        return applied(
            message, edits(content, _row(content, target.number), writer, Head.parse(message), lambda: message)
        )


class Captured:
    """Writes messages as their recipients would have got them, unsigned, with their links: for whoever sent them."""

    def __init__(self, spool: Spool, keyring: Keyring, service: Service) -> None:
        self._spool = spool
        self._context = PreparationContext(
            mac=partial(keyring.mac, MAC_PURPOSE), return_path_domain=service.return_path, keys=(), service_keys=(),
            now=0, writer=Writer(keyring, service.public_url),
        )  # fmt: skip

    async def letter(self, content: Content, number: int, address: str) -> bytes:
        """Return the message of one recipient, at most ``LARGEST`` octets of content; StoreFault, as a recipe fails."""
        body = await _whole(self._spool, content)
        inline = msgspec.structs.replace(content, body=body, file="")
        mode = cast("Tracking", "aggregate" if content.tracking == "consented" else content.tracking)
        delivery = msgspec.structs.replace(_row(content, number), address=address, tracking=mode)
        return (await asyncio.to_thread(prepare, inline, [delivery], self._context)).body


async def _whole(spool: Spool, content: Content) -> bytes:
    if not content.file:
        return content.body
    with await spool.open_body(content) as file:
        octets: bytes = await asyncio.to_thread(file.read)
        return octets


class _Own(Writer):
    """Writes the addresses of whoever reads, known by the token's hash alone."""

    def __init__(self, keyring: Keyring, public_url: str, reader: Target) -> None:
        super().__init__(keyring, public_url)
        self._reader = reader

    def own(self, kind: Literal["view", "unsubscribe"], content: Content, delivery: Delivery) -> str:
        """Return the address of a page of the reader's own."""
        said = (content.tenant, content.stream, content.id, delivery.number, self._reader.person)
        return self.base(content) + _PATHS[kind] + token.write(self._keyring, Target(kind, *said, topic=content.topic))


def _row(content: Content, number: int) -> Delivery:
    """Return as much of the recipient's row, which is gone long since, as rewriting looks at; nothing is measured."""
    return Delivery(
        message=content.id, number=number, tenant=content.tenant, stream=content.stream, priority=0, lane="",
        domain="", address="", egress="", due=0.0, born=0.0, expires=0.0, size=content.size, from_domain="",
    )  # fmt: skip
