"""A recipient's message as it was sent, but for measuring: for the link to view it in a browser."""

from __future__ import annotations

import asyncio

from estafette.mail import late
from estafette.model.message import Content
from estafette.model.recipe import unpack
from estafette.store.interface.spool import Spool
from estafette.tracking.token import Target

#: Octets of a message that is shown.
LARGEST = 10 << 20


async def letter(spool: Spool, target: Target) -> bytes | None:
    """Return the message of a token's recipient; None when it is kept no longer, is private, or is too large.

    StoreFault, and as a recipe fails.
    """
    content = (await spool.contents([target.message])).get(target.message)
    if content is None or content.tenant != target.tenant or content.kind == "personal" or content.size > LARGEST:
        return None
    body = await _whole(spool, content) if content.file else content.body
    return await asyncio.to_thread(lambda: late.write(unpack(body), target.number)) if content.late else body


async def _whole(spool: Spool, content: Content) -> bytes:
    with await spool.open_body(content) as file:
        octets: bytes = await asyncio.to_thread(file.read)
        return octets
