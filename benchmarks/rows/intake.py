"""Durable intake against Postfix."""

from __future__ import annotations

import statistics

from benchmarks.rows.row import Row, duel, spread


def intake(rounds: int) -> list[Row]:
    """Durable intake, 10 KiB, 50 kept sessions, delivery held."""
    theirs, ours = duel("intake", "hold", rounds, 12000)
    ratios = [own.rate / other.rate for own, other in zip(ours, theirs, strict=True)]
    cpu = [own.cpu_ms for own in ours]
    return [
        Row("intake, ratio to Postfix", ">= 6 in every round", spread(ratios), min(ratios) >= 6),
        Row("intake, CPU ms per message", "<= 0.20", spread(cpu), statistics.median(cpu) <= 0.20),
        Row("intake, messages per second", "-", spread([own.rate for own in ours]), True),
        Row("intake, messages per second of Postfix", "-", spread([other.rate for other in theirs]), True),
    ]
