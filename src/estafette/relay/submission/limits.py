"""How much one client address or credential may have going on at once."""

from __future__ import annotations

from collections import Counter, OrderedDict

import msgspec

from estafette.base.errors import Refusal
from estafette.relay.submission.lockout import network_of

REMEMBERED = 100_000
FORGIVEN_WITHIN = 600.0


class SessionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Caps of one intake process; sizes in octets.

    pending: messages waiting for their commit, in all, above which intake sheds new work (overload).
    wasted: commands that led to no message, by one client address in ten minutes, after which it is sent away.
    """

    connections: int = 10_000
    connections_per_client: int = 500
    messages_per_credential: int = 1000
    pending: int = 2000
    wasted: int = 1000
    head: int = 1_048_576


class Usage:
    """Counts of what is going on now."""

    def __init__(self, limits: SessionLimits) -> None:
        self.limits = limits
        self.connections = 0
        self.pending = 0
        self._clients: Counter[str] = Counter()
        self._messages: Counter[str] = Counter()
        self._wasted: OrderedDict[str, tuple[float, float]] = OrderedDict()

    @property
    def overloaded(self) -> bool:
        """True when clients get short deadlines and new messages a 452."""
        return self.pending >= self.limits.pending or self.connections * 10 >= self.limits.connections * 9

    def connect(self, client: str) -> bool:
        """Count a connection; False, and nothing counted, when there are too many."""
        limits = self.limits
        if self.connections >= limits.connections or self._clients[client] >= limits.connections_per_client:
            return False
        self.connections += 1
        self._clients[client] += 1
        return True

    def disconnect(self, client: str) -> None:
        """Count a connection out."""
        self.connections -= 1
        _less(self._clients, client)

    def waste(self, client: str, commands: int, now: float) -> None:
        """Count commands of an ended session that led to no message. now: monotonic seconds; memory is bounded."""
        if commands:
            client = network_of(client)
            self._wasted[client] = (self._level(client, now) + commands, now)
            self._wasted.move_to_end(client)
            if len(self._wasted) > REMEMBERED:
                self._wasted.popitem(last=False)

    def tired_of(self, client: str, now: float) -> bool:
        """True while an address has wasted more than its share; it is forgiven little by little."""
        return self._level(network_of(client), now) > self.limits.wasted

    def _level(self, client: str, now: float) -> float:
        level, at = self._wasted.get(client, (0.0, now))
        return max(0.0, level - (now - at) * self.limits.wasted / FORGIVEN_WITHIN)

    def begin(self, credential: str) -> None:
        """Count a message in; Refusal 452 when there are too many."""
        if self.pending >= self.limits.pending:
            raise Refusal(452, "4.3.2", "too busy, try again later", rule="overload", retry_after=60)
        if self._messages[credential] >= self.limits.messages_per_credential:
            raise Refusal(452, "4.3.2", "too many messages at once for this credential", rule="credential_messages")
        self.pending += 1
        self._messages[credential] += 1

    def end(self, credential: str) -> None:
        """Count a message out."""
        self.pending -= 1
        _less(self._messages, credential)


def _less(counts: Counter[str], key: str) -> None:
    counts[key] -= 1
    if counts[key] <= 0:
        del counts[key]
