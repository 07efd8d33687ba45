"""``/metrics`` for Prometheus, plain ASGI: the figures of all processes of the service in one answer."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, make_asgi_app
from prometheus_client.multiprocess import MultiProcessCollector

from estafette.base.metrics import FOLDER_VARIABLE, REGISTRY


def _registry() -> CollectorRegistry:
    """Return what is collected: every process's file when the supervisor gave a folder, else this process alone."""
    if FOLDER_VARIABLE not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library is not annotated here
    return registry


metrics_app = make_asgi_app(registry=_registry())
