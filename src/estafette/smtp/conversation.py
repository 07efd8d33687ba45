"""What the two sides have said: octets to write, replies awaited, steps for the record."""

from __future__ import annotations

from collections import deque

from estafette.model.event import Step
from estafette.smtp.answer import State, Want

_STEPS_MOST = 40


class Conversation:
    """Shared by the parts of one client session. Times in ``steps`` count from ``origin`` (monotonic seconds)."""

    def __init__(self, origin: float) -> None:
        self.origin = origin
        self.out: list[bytes] = []
        self.awaited: deque[State] = deque(["greeting"])
        self.steps: list[Step] = []
        self.want: Want = ""

    def say(self, state: State, line: str) -> None:
        """Send a line and await its reply."""
        self.put(state, line.encode() + b"\r\n")

    def put(self, state: State, octets: bytes) -> None:
        """Send octets as they are and await their reply."""
        self.awaited.append(state)
        self.out.append(octets)

    def take(self) -> bytes:
        """Return what must be written now."""
        out = self.out
        if not out:
            return b""
        self.out = []
        return out[0] if len(out) == 1 else b"".join(out)

    def step(self, verb: str, text: str, now: float) -> None:
        """Note a step; what comes after the fortieth is not kept."""
        if len(self.steps) < _STEPS_MOST:
            self.steps.append(Step(verb, int((now - self.origin) * 1000), text))
