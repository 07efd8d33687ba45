"""Events as the log of a small shop has them."""

from __future__ import annotations

from typing import Any, Literal

from estafette.base.ids import Mint
from estafette.model.event import Event
from estafette.model.tracking import Agent, Hit

#: 09:00 UTC on a Friday, the beginning of an hour.
MOMENT = 1_799_998_800.0 - 1_799_998_800.0 % 86_400 + 9 * 3600
mint = Mint(lambda: MOMENT, writer=3)


def about(kind: str, **more) -> Event:
    """Return an event of a message that was accepted at ``MOMENT``."""
    fields: Any = {
        "id": mint.next(), "at": MOMENT, "kind": kind, "tenant": "t1", "stream": "bulk", "message": mint.next(),
        "number": 1, "recipient": "ann@home.test", "from_domain": "shop.test",
    }  # fmt: skip
    return Event(**(fields | more))


def opened(
    agent: Agent, *, kind: str = "opened", count: int = 1, was: Agent | Literal[""] = "", first: bool = False, **more
) -> Event:
    """Return an opening, or a click with ``link`` and ``url``."""
    hit = Hit(
        agent, version=more.pop("version", 1), mode=more.pop("mode", "individual"), link=more.pop("link", 0),
        url=more.pop("url", ""), client=more.pop("client", ""), first=first, was=was,
    )  # fmt: skip
    return about(kind, hit=hit, count=count, **({"site": "gmail"} | more))
