"""Classification of replies: on a mix in which one text in a hundred is new, and with every text different."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.rows.row import Row, spread
from estafette.model.event import Reply
from estafette.smtp.classification import classifier
from estafette.smtp.classification.written import written

REPLIES = Path(__file__).resolve().parents[2] / "tests" / "data" / "replies" / "labelled.psv"
MANY = 100_000
ALL_DISTINCT = 10_000
MIX_TARGET, DISTINCT_TARGET = 20_000, 2_000


def classification(rounds: int) -> list[Row]:
    """Measure on the labelled replies, each made another text by a word of its own."""
    said = [(written(row[4]), row[1]) for row in (line.split("|", 4) for line in REPLIES.read_text().splitlines())]
    mixes = [_rate(_mix(said, number)) for number in range(rounds)]
    apart = [_rate(_distinct(said, ALL_DISTINCT, f"r{number}")) for number in range(rounds)]
    return [
        Row("classifications a second, 1 % distinct", f">= {MIX_TARGET}", spread(mixes), min(mixes) >= MIX_TARGET),
        Row(
            "classifications a second, all distinct",
            f">= {DISTINCT_TARGET}",
            spread(apart),
            min(apart) >= DISTINCT_TARGET,
        ),
    ]


def _distinct(said: Sequence[tuple[Reply, str]], many: int, mark: str) -> list[tuple[int, str, str, str]]:
    chosen = (said[number % len(said)] for number in range(many))
    return [
        (reply.code, reply.enhanced, f"{reply.text} {mark}x{number}", phase)
        for number, (reply, phase) in enumerate(chosen)
    ]


def _mix(said: Sequence[tuple[Reply, str]], number: int) -> list[tuple[int, str, str, str]]:
    texts = _distinct(said, MANY // 100, f"m{number}")
    return random.Random(number).choices(texts, k=MANY)


def _rate(replies: Sequence[tuple[int, str, str, str]]) -> float:
    classifier._remembered.cache_clear()  # noqa: SLF001
    began = time.perf_counter()
    for reply in replies:
        classifier.classify(*reply)
    return len(replies) / (time.perf_counter() - began)
