"""The journey of one recipient: its states, and every legal move, as a table.

The table is the truth: the stores refuse a move that it does not list, the tests make each legal one and try each
illegal one, and ARCHITECTURE.md prints it. ``waiting`` is a row in the spool; every other state is an event.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a recipient stands."""

    NEW = "new"
    WAITING = "waiting"
    DELIVERED = "delivered"
    SENT = "sent"
    BOUNCED = "bounced"
    FAILED = "failed"
    REJECTED = "rejected"


class Move(StrEnum):
    """What moves it; the value is the event kind that records the move."""

    QUEUED = "queued"
    REJECTED = "rejected"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    SENT = "sent"
    BOUNCED = "bounced"
    FAILED = "failed"


#: (state, move) -> (next state, the stage that owns the move)
MOVES: dict[tuple[State, Move], tuple[State, str]] = {
    (State.NEW, Move.QUEUED): (State.WAITING, "accept"),
    (State.NEW, Move.REJECTED): (State.REJECTED, "accept"),
    (State.WAITING, Move.DEFERRED): (State.WAITING, "settle"),
    (State.WAITING, Move.UNKNOWN): (State.WAITING, "settle"),
    (State.WAITING, Move.DELIVERED): (State.DELIVERED, "settle"),
    (State.WAITING, Move.SENT): (State.SENT, "settle"),
    (State.WAITING, Move.BOUNCED): (State.BOUNCED, "settle"),
    (State.WAITING, Move.FAILED): (State.FAILED, "settle"),
    (State.WAITING, Move.REJECTED): (State.REJECTED, "settle"),
    (State.DELIVERED, Move.BOUNCED): (State.BOUNCED, "later"),
    (State.SENT, Move.BOUNCED): (State.BOUNCED, "later"),
}

#: events that end a waiting recipient, and those that leave it waiting: what a settlement may carry
ENDS: frozenset[str] = frozenset(
    by for (state, by), (to, _) in MOVES.items() if state is State.WAITING and to is not State.WAITING
)
STAYS: frozenset[str] = frozenset(
    by for (state, by), (to, _) in MOVES.items() if state is State.WAITING and to is State.WAITING
)


class IllegalMove(ValueError):
    """A move that the table does not list."""


def move(state: State, by: Move) -> State:
    """Return the next state; IllegalMove when the table has no such line."""
    try:
        return MOVES[state, by][0]
    except KeyError:
        raise IllegalMove(f"{by} cannot happen to a recipient that is {state}") from None
