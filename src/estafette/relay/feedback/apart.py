"""Long messages are read in a thread: whoever sends them does not stop the event loop of those beside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

#: Octets that are read at once; a usual report has 3,000 to 10,000, and a thread costs more than it.
QUICK = 32_768

T = TypeVar("T")


async def apart(body: bytes, work: Callable[[bytes], T]) -> T:
    """Return what a pure reading of a message says."""
    return work(body) if len(body) <= QUICK else await asyncio.to_thread(work, body)
