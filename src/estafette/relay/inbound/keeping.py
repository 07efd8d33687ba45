"""What is kept of mail that came in: the whole message, or its header once the company's own server has it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from estafette.base import log
from estafette.base.errors import StoreFault
from estafette.base.ids import Mint
from estafette.mail.headers import Head, unfold
from estafette.model.message import Content
from estafette.model.route import Route
from estafette.relay.inbound.letter import Letter
from estafette.store.interface.spool import Spool

KIND = "inbound"
#: Octets of its subject that a list shows.
_SUBJECT = 500
_log = log.get("relay.inbound")

#: A route and the recipients that came by it.
Share = tuple[Route, tuple[str, ...]]


class Keeping:
    """Keeps shares of letters, each in the name of its route's tenant. retention: seconds."""

    def __init__(self, spool: Spool, mint: Mint, retention: float) -> None:
        self._spool = spool
        self._mint = mint
        self._retention = retention

    async def keep(self, letter: Letter, added: bytes, shares: Sequence[Share]) -> None:
        """Keep the whole message durably, once for each route; StoreFault. added: fields of ours."""
        body = message(letter, added)
        await asyncio.gather(
            *[
                self._spool.keep_return(self._content(letter, number, share, body), b"")
                for number, share in zip(self._numbers(letter, len(shares)), shares, strict=True)
            ]
        )

    async def note(self, letter: Letter, added: bytes, shares: Sequence[Share]) -> None:
        """Keep the header of a message that the company's server has. It has it: whatever fails here is only told."""
        whole = message(letter, added)
        head = Head.parse(whole).section + b"\r\n"
        for number, share in zip(self._numbers(letter, len(shares)), shares, strict=True):
            try:
                await self._spool.keep_return(self._content(letter, number, share, head, size=len(whole)), b"")
            except StoreFault as fault:
                _log.error("handed_not_noted", message=number, route=share[0].id, cause=fault.cause)

    def renumbered(self, letter: Letter) -> Letter:
        """Return a letter under an id of its own, when a part of it is kept already."""
        return msgspec.structs.replace(letter, message=self._mint.next())

    def _numbers(self, letter: Letter, count: int) -> list[int]:
        return [letter.message if place == 0 else self._mint.next() for place in range(count)]

    def _content(self, letter: Letter, number: int, share: Share, body: bytes, *, size: int = 0) -> Content:
        route, recipients = share
        envelope = letter.envelope
        return Content(
            id=number,
            tenant=route.tenant,
            stream="",
            kind=KIND,
            credential="",
            sender=envelope.sender,
            header_from="",
            size=size or len(body),
            accepted=letter.at,
            body=body,
            body_type=envelope.body,
            smtputf8=envelope.smtputf8,
            eight_bit=not body.isascii(),
            retention=self._retention,
            recipients=len(recipients),
            source=letter.address,
            came_to=recipients,
            subject=_subject(body),
            route=route.id,
            handed=bool(size),
        )


def _subject(body: bytes) -> str:
    return unfold(Head.parse(body).first(b"subject") or b"")[:_SUBJECT].decode("utf-8", "replace")


def message(letter: Letter, added: bytes) -> bytes:
    """Return the message with our fields on top; all below them is as it came."""
    # What has no header at all must not lend its first line to ours.
    gap = b"" if Head.parse(letter.body).fields or letter.body[:2] == b"\r\n" else b"\r\n"
    return b"".join((letter.trace, added, gap, letter.body))
