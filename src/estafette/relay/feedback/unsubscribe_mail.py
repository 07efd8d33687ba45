"""Mail to the address of a List-Unsubscribe field: whoever sends it gets no more (RFC 2369 section 3.2).

What counts is the address it came to, which nobody can invent; who it says it is from is anybody's word.
"""

from __future__ import annotations

from collections.abc import Callable

from estafette.base import ids
from estafette.base.ids import Mint
from estafette.events.acts import Unsubscription
from estafette.mail.headers import Head
from estafette.mail.list_unsubscribe import Leaver, automatic
from estafette.model.event import Event
from estafette.relay.feedback.returned import Returned, Taken
from estafette.relay.feedback.unsubscription import Unsubscribing

#: Seconds that a message is kept after it was acted on, or was of no use: for whoever looks into a dispute.
KEEP = 7 * 86_400.0


class UnsubscribeMail:
    """A ``Reader`` of returned mail. read: whose address it is, None for every other."""

    def __init__(self, unsubscribing: Unsubscribing, mint: Mint, read: Callable[[str], Leaver | None]) -> None:
        self._unsubscribing = unsubscribing
        self._mint = mint
        self._read = read

    def read(self, returned: Returned) -> tuple[Leaver, ...]:
        """Return whom a message is to unsubscribe; () when it came to no such address."""
        found = (self._read(address) for address in returned.to)
        return tuple(dict.fromkeys(leaver for leaver in found if leaver is not None))

    async def take(self, returned: Returned) -> Taken | None:
        """See ``Reader``. What answers by itself unsubscribes nobody."""
        leavers = self.read(returned)
        if not leavers:
            return None
        if automatic(returned.sender, Head.parse(returned.body)):
            return Taken("unsubscribe_automatic", keep=KEEP)
        events = [event for leaver in leavers if (event := await self._leave(leaver, returned.at)) is not None]
        return Taken("unsubscribe" if events else "unsubscribe_of_nobody", tuple(events), keep=KEEP)

    async def _leave(self, leaver: Leaver, at: float) -> Event | None:
        return await self._unsubscribing.by_mail(
            Unsubscription(
                self._mint.next(), at, ids.show(leaver.tenant), "", leaver.message, 0, leaver.person, means="mailto"
            )
        )
