"""Who has a message already, when it must come again because of the others: LMTP answers each recipient apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

#: Seconds that is remembered; senders try again within minutes or hours (RFC 5321 section 4.5.4.1). Entries at most.
KEPT = 86_400.0
MOST = 10_000


class Handed:
    """Remembered in this process alone: a restart forgets it, and one recipient gets the message twice.

    now, wherever asked for: monotonic seconds. The oldest entry goes when the memory is full.
    """

    def __init__(self) -> None:
        self._until: dict[bytes, float] = {}

    def note(self, sender: str, recipients: Iterable[str], body: bytes, now: float) -> None:
        """Remember that recipients have a message."""
        text = hashlib.sha256(body).digest()
        for recipient in recipients:
            if len(self._until) >= MOST:
                del self._until[next(iter(self._until))]
            self._until[_key(sender, recipient, text)] = now + KEPT

    def has(self, sender: str, recipients: Iterable[str], body: bytes, now: float) -> frozenset[str]:
        """Return who of these has a message already."""
        if not self._until:
            return frozenset()
        text = hashlib.sha256(body).digest()
        return frozenset(each for each in recipients if self._until.get(_key(sender, each, text), 0.0) > now)


def _key(sender: str, recipient: str, text: bytes) -> bytes:
    return hashlib.sha256(b"\0".join((sender.encode(), recipient.encode(), text))).digest()
