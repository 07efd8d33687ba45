"""Crash points: places where a test makes this process die as ``kill -9`` would.

``ESTAFETTE_CRASH="name"`` dies at the first passage of the named point, ``"name:7"`` at the seventh. Unset, as
always in service, a point costs one comparison.
"""

from __future__ import annotations

import os
from collections.abc import Callable

#: Every point there is, in the order in which a message passes them.
POINTS = (
    "accept.before_commit",
    "accept.after_commit",
    "accept.before_reply",
    "attempt.before_dot",
    "attempt.after_reply",
    "settle.before_commit",
    "settle.after_commit",
)
#: Exit status of a process that SIGKILL ended, as a shell shows it.
KILLED = 137


class _Trap:
    """Counts passages of one point and dies at the last of them."""

    def __init__(self, setting: str, die: Callable[[int], object]) -> None:
        self.name, _, nth = setting.partition(":")
        if self.name not in POINTS:
            raise ValueError(f"ESTAFETTE_CRASH names no crash point: {self.name!r}; known: {', '.join(POINTS)}")
        self._left = int(nth or 1)
        self._die = die

    def passed(self, name: str) -> None:
        if name != self.name:
            return
        self._left -= 1
        if self._left <= 0:
            self._die(KILLED)


def _armed() -> _Trap | None:
    setting = os.environ.get("ESTAFETTE_CRASH", "")
    return _Trap(setting, os._exit) if setting else None


_trap = _armed()


def point(name: str) -> None:
    """Die here when a test asked for it."""
    if _trap is not None:
        _trap.passed(name)
