"""What the log says of the recipients that returned mail is about: read for many at once, asked one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from estafette.model.event import Event
from estafette.model.journey import MOVES, Move, State, move
from estafette.store.interface.history import History

Key = tuple[int, int]
_MOVES = frozenset(each.value for _, each in MOVES)


class Journeys:
    """Events by recipient (message, number), oldest first."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._events: dict[Key, list[Event]] = {}
        self._numbers: dict[int, list[int]] = {}

    async def load(self, keys: Sequence[Key]) -> None:
        """Forget what was known, and read of some recipients; number 0 = of every recipient of the message."""
        self._events, self._numbers = {}, {}
        await self.also(keys)

    async def also(self, keys: Sequence[Key]) -> None:
        """Read of some recipients too, unless that was done."""
        missing = [key for key in keys if key not in self._events]
        if not missing:
            return
        found: defaultdict[Key, list[Event]] = defaultdict(list, {key: [] for key in missing})
        for event in await self._history.of_recipients(missing):
            found[event.message, event.number].append(event)
        for key, events in found.items():
            self._events.setdefault(key, events)
        for message, number in found:
            if number and number not in self._numbers.setdefault(message, []):
                self._numbers[message].append(number)

    def note(self, events: Iterable[Event]) -> None:
        """Add what is about to be written, so that a second report of the same turn finds it."""
        for event in events:
            if event.message:
                self._events.setdefault((event.message, event.number), []).append(event)

    def of(self, key: Key) -> Sequence[Event]:
        """Return the events of a recipient that was read; () when the log has none, or none any more."""
        return self._events.get(key, ())

    def recipients(self, message: int) -> Sequence[int]:
        """Return the numbers of a message's recipients among what was read."""
        return self._numbers.get(message, ())

    def queued(self, key: Key) -> Event | None:
        """Return the event that accepted a recipient: its labels are those of whatever is told of it later."""
        return next((event for event in self.of(key) if event.kind == "queued"), None)

    def taken(self, key: Key) -> Event | None:
        """Return the event by which another server took the message for a recipient."""
        return next((event for event in reversed(self.of(key)) if event.kind in {"delivered", "sent"}), None)

    def state(self, key: Key) -> State:
        """Return where a recipient stands, by the events that move it."""
        state = State.NEW
        for event in self.of(key):
            if event.kind in _MOVES and (state, Move(event.kind)) in MOVES:
                state = move(state, Move(event.kind))
        return state
