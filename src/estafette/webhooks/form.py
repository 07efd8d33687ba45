"""In which form events are told: what every form, ours and those of other services, is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from estafette.model.event import Event

#: Octets that a body may have; receivers commonly take no more (Standard Webhooks, "Payload size").
LARGEST = 20_000


class Origin(msgspec.Struct, frozen=True):
    """What an event does not say of its message. domain: of its sender. apart: each recipient has a Message-ID.

    private: it is personal mail, and was masked. mail: a message that came in, as the API tells it; None when it is
    none, or is kept no longer.
    """

    subject: str = ""
    domain: str = ""
    apart: bool = False
    private: bool = False
    mail: dict[str, Any] | None = None


class Form(msgspec.Struct, frozen=True):
    """One form. write: an event's body, None for what the form has no word for.

    group: how many events one call may carry; above 1 bodies stand in a JSON array. origin: whether ``Origin`` is
    looked up.
    """

    write: Callable[[Event, Origin], bytes | None]
    group: int = 1
    origin: bool = False

    def joined(self, bodies: list[bytes]) -> bytes:
        """Return what one call carries."""
        return bodies[0] if self.group == 1 else b"[" + b",".join(bodies) + b"]"
