"""What a setting may be beyond plain text and numbers: sizes, times, rates, addresses, as people write them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGT]?)(i?)B?", re.IGNORECASE)
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w|)")
_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMG]?)bit/s", re.IGNORECASE)


def size(value: Any) -> Any:
    """Read ``35MB`` (decimal) or ``35MiB`` as octets."""
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"{value!r} is not a size such as 35MB")
    step = 1024 if match[3] else 1000
    return int(float(match[1]) * step ** " kmgt".index(match[2].lower() or " "))


def duration(value: Any) -> Any:
    """Read ``2m``, ``5d`` or ``0`` as seconds."""
    if not isinstance(value, str):
        return value
    match = _TIME.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"{value!r} is not a time such as 2m, 1h or 5d")
    return float(match[1]) * _SECONDS[match[2]]


def bandwidth(value: Any) -> Any:
    """Read ``20Mbit/s`` as bits per second; empty = 0 = unlimited."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return 0
    match = _RATE.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"{value!r} is not a bandwidth such as 20Mbit/s")
    return int(float(match[1]) * 1000 ** " kmg".index(match[2].lower() or " "))


def listener(value: Any) -> Any:
    """Read ``0.0.0.0:587`` or ``[::]:587`` as (host, port)."""
    if not isinstance(value, str):
        return value
    host, separator, port = value.rpartition(":")
    if not separator or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{value!r} is not an address such as 0.0.0.0:587 or [::]:587")
    return host.strip("[]"), int(port)


def share(value: Any) -> Any:
    """Read ``10%`` as 0.1; a size stays a size (octets, above 1)."""
    if isinstance(value, str) and value.strip().endswith("%"):
        return float(value.strip()[:-1]) / 100
    return size(value)


Size = Annotated[int, BeforeValidator(size), Field(ge=0)]
Duration = Annotated[float, BeforeValidator(duration), Field(ge=0)]
Bandwidth = Annotated[int, BeforeValidator(bandwidth)]
Listener = Annotated[tuple[str, int], BeforeValidator(listener)]
Share = Annotated[float, BeforeValidator(share)]
