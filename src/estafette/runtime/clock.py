"""The system's clock: the only place that reads one."""

from __future__ import annotations

import time


class SystemClock:
    """``base.clock.Clock`` on this machine."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
