"""The registry of Prometheus metrics; each room declares its own next to its code.

The supervisor names a folder in ``FOLDER_VARIABLE`` before its processes start: each then keeps its figures in a file
there, and the metrics listener adds them up. A declared metric is made by the process that counts, when it first does
or at ``open_metrics``: the file of a process that was forked must bear its own number, not its parent's.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, values

REGISTRY = CollectorRegistry()
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_declared: list[Declared] = []
_making = Lock()


class Declared:
    """Stands for a metric until it is made; from the first use on, what was used is the metric's own."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made: Any = None
        _declared.append(self)

    def made(self) -> Any:
        """Return the metric."""
        with _making:
            if self._made is None:
                self._made = self._make()
        return self._made

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.made(), name)
        setattr(self, name, found)
        return found


def counter(name: str, text: str, *labels: str) -> Counter:
    """Declare a counter ``estafette_<name>``."""
    return cast("Counter", Declared(lambda: Counter(f"estafette_{name}", text, labels, registry=REGISTRY)))


def gauge(name: str, text: str, *labels: str) -> Gauge:
    """Declare a gauge ``estafette_<name>``; living processes' values are added."""
    return cast(
        "Gauge",
        Declared(lambda: Gauge(f"estafette_{name}", text, labels, registry=REGISTRY, multiprocess_mode="livesum")),
    )


def open_metrics() -> CollectorRegistry:
    """Make every metric declared so far, in this process's file when a folder is named; return the registry."""
    # The library looks for the folder once, at its import, which a parent may have done before there was one.
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
    for each in _declared:
        each.made()
    return REGISTRY
