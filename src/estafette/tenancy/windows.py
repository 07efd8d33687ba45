"""What credentials have sent in windows of time: counted in memory, made one sum with other processes every second."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from estafette.store.interface.logins import Window

#: Seconds after its last use for which a window is kept the same as in other processes. After a longer rest the first
#: message is judged by what was known before it.
WATCHED = 30.0


class _Spent(msgspec.Struct):
    known: int = 0
    """What all processes had stored when last heard."""
    new: int = 0
    """What this process has not stored yet."""
    at: float = 0.0
    """When it was last used here, unix seconds."""


class Windows:
    """Windows of one process. What others accept is learned every second, so that a sum is true to a second's mail.

    Times are unix seconds, given by the caller.
    """

    def __init__(self) -> None:
        self._spent: dict[Window, _Spent] = {}

    def total(self, window: Window, now: float) -> int:
        """Return the recipients of a window in all processes, as far as they are known here."""
        spent = self._spent.get(window)
        if spent is None:
            spent = self._spent[window] = _Spent()
        spent.at = now
        return spent.known + spent.new

    def add(self, window: Window, recipients: int, now: float) -> int:
        """Count recipients; return the sum with them."""
        total = self.total(window, now)
        self._spent[window].new += recipients
        return total + recipients

    def take(self, now: float) -> dict[Window, int]:
        """Return what is to be stored and what is to be learned (0), and forget windows that have ended."""
        self._spent = {
            window: spent for window, spent in self._spent.items() if spent.new or window[1] + window[2] > now
        }
        watched = {
            window: spent for window, spent in self._spent.items() if spent.new or spent.at >= now - WATCHED
        }  # fmt: skip
        taken = {window: spent.new for window, spent in watched.items()}
        for spent in watched.values():
            spent.known, spent.new = spent.known + spent.new, 0
        return taken

    def learn(self, totals: Mapping[Window, int]) -> None:
        """Take what all processes have stored."""
        for window, total in totals.items():
            if window in self._spent:
                self._spent[window].known = total

    def give_back(self, taken: Mapping[Window, int]) -> None:
        """Keep for later what could not be stored."""
        for window, recipients in taken.items():
            spent = self._spent.setdefault(window, _Spent(known=recipients))
            spent.known, spent.new = spent.known - recipients, spent.new + recipients
