"""The uplink of an egress group: bulk keeps to its share, people are never delayed but make bulk yield."""

from __future__ import annotations

_BURST = 0.1
_DEBT = 2.0
_GRAIN = 0.001


class Shaper:
    """Two token buckets in octets: the whole uplink, and bulk's share of it.

    rate: bits per second of the uplink. share: of it for bulk, above 0 up to 1. A message may start while
    both buckets are in credit and is then paid in full, so bulk exceeds its share by 0.1 s and one message
    at most.
    """

    __slots__ = ("_bulk", "_bulk_rate", "_stamp", "_total", "_total_rate")

    def __init__(self, rate: int, share: float) -> None:
        self._total_rate = rate / 8
        self._bulk_rate = self._total_rate * share
        self._total = self._total_rate * _BURST
        self._bulk = self._bulk_rate * _BURST
        self._stamp: float | None = None

    def ready_at(self, mono: float) -> float:
        """Return when bulk may send its next message; ``mono`` or before means now. Monotonic seconds."""
        self._refill(mono)
        short = max(-self._bulk / self._bulk_rate, -self._total / self._total_rate)
        return mono + short + _GRAIN if short >= 0 else mono

    def allows(self, mono: float) -> bool:
        """Return whether bulk may start a message now."""
        self._refill(mono)
        return self._bulk > 0 and self._total > 0

    def debit(self, octets: int, *, bulk: bool) -> None:
        """Count octets sent (negative: counted before but not sent).

        People's debt is bounded to two seconds of the uplink, so that bulk is slowed, not stopped for hours.
        """
        self._total = max(self._total - octets, -self._total_rate * _DEBT) if not bulk else self._total - octets
        if bulk:
            self._bulk -= octets

    def _refill(self, mono: float) -> None:
        if self._stamp is not None:
            passed = max(mono - self._stamp, 0.0)
            self._bulk = min(self._bulk + passed * self._bulk_rate, self._bulk_rate * _BURST)
            self._total = min(self._total + passed * self._total_rate, self._total_rate * _BURST)
        self._stamp = mono
