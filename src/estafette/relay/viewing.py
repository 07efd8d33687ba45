"""A recipient's message as it was sent, but for measuring: for the link to view it in a browser."""

from __future__ import annotations

import asyncio
from typing import Literal

from estafette.base.seal import Keyring
from estafette.mail import late
from estafette.mail.headers import Head
from estafette.model.message import Content, Delivery
from estafette.model.recipe import unpack
from estafette.relay.preparation.rewriting import edits
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
        body = await self._whole(content) if content.file else content.body
        return await asyncio.to_thread(self._written, content, body, target)

    async def _whole(self, content: Content) -> bytes:
        with await self._spool.open_body(content) as file:
            octets: bytes = await asyncio.to_thread(file.read)
            return octets

    def _written(self, content: Content, body: bytes, target: Target) -> bytes:
        message = late.write(unpack(body), target.number) if content.late else body
        writer = _Own(self._keyring, self._public_url, target)
        return applied(
            message, edits(content, _unmeasured(content, target), writer, Head.parse(message), lambda: message)
        )


class _Own(Writer):
    """Writes the addresses of whoever reads, known by the token's hash alone."""

    def __init__(self, keyring: Keyring, public_url: str, reader: Target) -> None:
        super().__init__(keyring, public_url)
        self._reader = reader

    def own(self, kind: Literal["view", "unsubscribe"], content: Content, delivery: Delivery) -> str:
        """Return the address of a page of the reader's own."""
        said = (content.tenant, content.stream, content.id, delivery.number, self._reader.person)
        return self.base(content) + _PATHS[kind] + token.write(self._keyring, Target(kind, *said, topic=content.topic))


def _unmeasured(content: Content, target: Target) -> Delivery:
    """Return as much of the recipient's row, which is gone long since, as rewriting looks at."""
    return Delivery(
        message=content.id, number=target.number, tenant=content.tenant, stream=content.stream, priority=0, lane="",
        domain="", address="", egress="", due=0.0, born=0.0, expires=0.0, size=content.size, from_domain="",
    )  # fmt: skip
