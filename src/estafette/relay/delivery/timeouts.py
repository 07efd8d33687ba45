"""How long a peer may take: every limit of RFC 5321 section 4.5.3.2, and absolute ones above them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. A limit counts from the last complete reply, so a peer that trickles octets gains nothing.

    block: for each piece of a streamed body to leave. total: for a whole transaction however many replies it has,
    plus one second for each ``floor_rate`` octets. tick: how often the limits are looked at.
    """

    connect: float = 30.0
    handshake: float = 120.0
    greeting: float = 300.0
    ehlo: float = 300.0
    starttls: float = 120.0
    auth: float = 120.0
    mail: float = 300.0
    rcpt: float = 300.0
    data: float = 120.0
    block: float = 180.0
    dot: float = 600.0
    quit: float = 5.0
    total: float = 2400.0
    floor_rate: float = 1000.0
    tick: float = 1.0

    def of(self, state: str) -> float:
        """Return the limit for what is awaited (a state of ``smtp.client``)."""
        return {
            "helo": self.ehlo, "rset": self.mail, "body": self.block, "lone": self.dot,
        }.get(state) or float(getattr(self, state, self.mail))  # fmt: skip
