"""``/metrics`` for Prometheus, plain ASGI: the figures of all processes of the service in one answer."""

from __future__ import annotations

import os
from typing import Any

from prometheus_client import CollectorRegistry, make_asgi_app
from prometheus_client.multiprocess import MultiProcessCollector

from estafette.base.metrics import FOLDER_VARIABLE, open_metrics


def _registry() -> CollectorRegistry:
    """Return what is collected: every process's file when the supervisor gave a folder, else this process alone."""
    if FOLDER_VARIABLE not in os.environ:
        return open_metrics()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library is not annotated here
    return registry


def create_metrics_app() -> Any:
    """Return the application."""
    return make_asgi_app(registry=_registry())
