"""A route that takes letters: as strict as the others, with room for files, read off the loop when large."""

from __future__ import annotations

import asyncio
from typing import Any

from estafette.web.api.strict import StrictRequest, StrictRoute, read_json

#: Octets of JSON above which it is read in a thread.
LARGE = 256 * 1024


class MailRequest(StrictRequest):
    """A request with a letter or many; the cap on bodies of the whole application is its only one."""

    most = 1 << 40

    async def json(self) -> Any:
        """Return the JSON; Problem 422 as ``StrictRequest``."""
        body = await self.body()
        return read_json(body) if len(body) <= LARGE else await asyncio.to_thread(read_json, body)


class MailRoute(StrictRoute):
    """A route that reads ``MailRequest``."""

    request_class = MailRequest
