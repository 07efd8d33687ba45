"""The registry of Prometheus metrics; each room declares its own next to its code.

The supervisor names a folder in ``FOLDER_VARIABLE`` before its processes start: each then keeps its figures in a file
there, and the metrics listener adds them up.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

REGISTRY = CollectorRegistry()
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def counter(name: str, text: str, *labels: str) -> Counter:
    """Declare a counter ``estafette_<name>``."""
    return Counter(f"estafette_{name}", text, labels, registry=REGISTRY)


def gauge(name: str, text: str, *labels: str) -> Gauge:
    """Declare a gauge ``estafette_<name>``; living processes' values are added."""
    return Gauge(f"estafette_{name}", text, labels, registry=REGISTRY, multiprocess_mode="livesum")
