"""Drawing: seconds, shares, addresses and browsers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from random import Random

_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36 Edg/{v}.0.0.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.{m} Safari/605.1.15",
)
_PHONES = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_{m} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.{m} Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Mobile Safari/537.36",
)


def around(random: Random, median_and_spread: tuple[float, float]) -> float:
    """Draw seconds: log-normal with a median and a spread of the logarithm."""
    median, spread = median_and_spread
    return median * math.exp(random.gauss(0.0, spread))


def between_points(random: Random, points: Sequence[tuple[float, float]]) -> float:
    """Draw seconds from pairs (share, seconds), straight in the logarithm between them."""
    share = random.random()
    for (low, start), (high, end) in itertools.pairwise(points):
        if share <= high:
            return start * (end / start) ** ((share - low) / (high - low))
    return points[-1][1]


def browser(random: Random, *, phone: bool = False) -> str:
    """Draw what a browser says of itself."""
    text = random.choice(_PHONES if phone else _BROWSERS)
    return text.format(v=random.randrange(118, 142), m=random.randrange(6))


def anywhere(random: Random) -> str:
    """Draw an address that nobody else is likely to have: of the block for documentation (RFC 3849)."""
    return "2001:db8:" + ":".join(f"{random.randrange(65_536):x}" for _ in range(4)) + "::1"


def pool(block: int, size: int) -> list[str]:
    """Return addresses of the block for benchmarks (RFC 2544): one /24 for each 250, beginning at the ``block``-th."""
    return [f"198.{18 + (block + i // 250) // 256}.{(block + i // 250) % 256}.{1 + i % 250}" for i in range(size)]
