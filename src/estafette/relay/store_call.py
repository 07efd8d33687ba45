"""A call of the store that may fail: whoever asks goes on and asks again later."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from estafette.base import log
from estafette.base.errors import StoreFault

#: seconds until a store that failed is asked again
AGAIN_AFTER = 0.2

_log = log.get("relay.line")


def unreachable(fault: StoreFault) -> None:
    """Note that the store did not answer."""
    _log.warning("store_unreachable", cause=fault.cause)


async def tried(call: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
    """Return what a call returns, None when the store cannot answer."""
    try:
        return await call(*arguments)
    except StoreFault as fault:
        unreachable(fault)
        return None
