"""Words of the client: what it awaits, what became of a recipient, why a session ended."""

from __future__ import annotations

from typing import Literal

import msgspec

from estafette.model.event import Reply
from estafette.model.outcome import Phase

State = Literal[
    "greeting", "ehlo", "helo", "starttls", "handshake", "auth", "rset", "mail", "rcpt", "data", "body", "dot", "lone",
    "quit",
]  # fmt: skip
Want = Literal["", "tls", "body", "close"]
TlsUse = Literal["off", "opportunistic", "required"]

_PHASES: dict[str, Phase] = {
    "helo": "ehlo", "handshake": "starttls", "rset": "mail", "body": "data", "lone": "data", "quit": "dot"
}  # fmt: skip


class Failure(msgspec.Struct, frozen=True):
    """Why a session cannot be used (any more)."""

    phase: Phase
    reply: Reply | None
    reason: str


class Answer(msgspec.Struct, frozen=True):
    """What became of one recipient. reply None: the peer said nothing; in phase ``dot`` nobody knows the end.

    crowded: another recipient of the same transaction was accepted before this one was refused.
    """

    phase: Phase
    reply: Reply | None
    reason: str = ""
    crowded: bool = False


def phase_of(state: str) -> Phase:
    """Return the phase in which a state fails; idle counts as before ``mail``."""
    return _PHASES.get(state, state or "mail")  # type: ignore[arg-type]
