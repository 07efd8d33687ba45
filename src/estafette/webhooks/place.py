"""Up to where the log was read for webhooks: retention waits for it, while there are any."""

from __future__ import annotations

import asyncio

from estafette.store.interface.history import History
from estafette.store.interface.webhooks import Webhooks


class WebhookPlace:
    """Implements ``events.reader.Place`` over the tables, whichever process calls webhooks."""

    name = "webhooks"

    def __init__(self, webhooks: Webhooks, history: History) -> None:
        self._webhooks = webhooks
        self._history = history

    async def position(self) -> int:
        """Return the position up to which everybody was told."""
        active = {webhook.id for webhook in await asyncio.to_thread(self._webhooks.active)}
        if not active:
            return await self._history.position()
        readers = await asyncio.to_thread(self._webhooks.readers)
        return min((reader.cursor for reader in readers if not reader.id or reader.webhook in active), default=0)
