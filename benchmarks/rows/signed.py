"""End to end with a signature against Postfix with OpenDKIM."""

from __future__ import annotations

import statistics

from benchmarks.load import Measured, measure
from benchmarks.peers.estafette import Estafette
from benchmarks.peers.postfix import Postfix
from benchmarks.rows.row import FOLDER, Row, interleaved, rsa_ms, spread

_MESSAGES = 6000


def signed(rounds: int) -> list[Row]:
    """End to end with one RSA-2048 signature, 10 KiB, 50 kept sessions.

    What a signature takes changes with what else the machine does: it is measured at both ends of each of our rounds.
    """
    signatures: list[float] = []

    def ours() -> Measured:
        before = rsa_ms()
        made = measure(Estafette(FOLDER, mode="dkim"), "e2e", _MESSAGES)
        signatures.append((before + rsa_ms()) / 2)
        return made

    theirs, own = interleaved(rounds, lambda: measure(Postfix(FOLDER, mode="dkim"), "e2e", _MESSAGES // 2), ours)
    ratios = [mine.rate / other.rate for mine, other in zip(own, theirs, strict=True)]
    beyond = [mine.cpu_ms - signature for mine, signature in zip(own, signatures, strict=True)]
    return [
        Row("end to end, ratio to Postfix + OpenDKIM", ">= 6 in every round", spread(ratios), min(ratios) >= 6),
        Row(
            "end to end, CPU ms per message beyond one RSA signature", "<= 0.50", spread(beyond),
            statistics.median(beyond) <= 0.50,
        ),
        Row("end to end, CPU ms of one RSA signature", "-", spread(signatures), True),
        Row("end to end, CPU ms per message", "-", spread([mine.cpu_ms for mine in own]), True),
        Row("end to end, messages per second", "-", spread([mine.rate for mine in own]), True),
        Row(
            "end to end, messages per second of Postfix + OpenDKIM", "-", spread([other.rate for other in theirs]), True
        ),
    ]  # fmt: skip
