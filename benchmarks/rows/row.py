"""What every row shares: its form, where it works, interleaved rounds and how figures are shown."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Measured, measure
from benchmarks.peers.estafette import Estafette
from benchmarks.peers.postfix import Postfix

FOLDER = Path(__file__).resolve().parents[2] / "bench-data" / str(os.getpid())


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    target: str
    measured: str
    passed: bool


def spread(values: list[float]) -> str:
    """Return median (least-most)."""
    return f"{statistics.median(values):.3g} ({min(values):.3g}-{max(values):.3g})"


def say(words: str) -> None:
    """Tell who waits what was just measured."""
    print(f"  {words}", file=sys.stderr, flush=True)


def interleaved(
    rounds: int, theirs: Callable[[], Measured], ours: Callable[[], Measured]
) -> tuple[list[Measured], list[Measured]]:
    """Measure two in turn, so that what else the machine does falls on both."""
    pairs = []
    for number in range(rounds):
        pairs.append((theirs(), ours()))
        say(f"round {number + 1}: first {pairs[-1][0]}, second {pairs[-1][1]}")
    return [first for first, _ in pairs], [second for _, second in pairs]


def duel(kind: str, mode: str, rounds: int, messages: int) -> tuple[list[Measured], list[Measured]]:
    """Measure Postfix and Estafette in turn."""
    return interleaved(
        rounds,
        lambda: measure(Postfix(FOLDER, mode=mode), kind, messages // 2),
        lambda: measure(Estafette(FOLDER, mode=mode), kind, messages),
    )


def rsa_ms() -> float:
    """Return the CPU milliseconds of one RSA-2048 signature on this machine, now."""
    import time

    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256

    key = rsa.generate_private_key(65537, 2048)
    began = time.process_time()
    for _ in range(2000):
        key.sign(b"x" * 500, padding.PKCS1v15(), SHA256())
    return (time.process_time() - began) / 2000 * 1000


def certificate(folder: Path) -> tuple[Path, Path]:
    """Return (certificate, key) files, P-256, made by openssl; as good for every peer."""
    chain, key = folder / "bench.pem", folder / "bench.key"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    words += ["-subj", "/CN=mx.bench.example", "-keyout", str(key), "-out", str(chain)]
    subprocess.run(words, check=True, capture_output=True)
    return chain, key
