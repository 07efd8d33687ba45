"""Messages, deliveries and events for the conformance suites."""

from __future__ import annotations

from estafette.base.ids import Mint
from estafette.model.event import Event, Reply, pack
from estafette.model.message import Content, Delivery, Submission
from estafette.store.interface.spool import Feed, Settlement

START = 1_800_000_000.0


class TestClock:
    __test__ = False

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> float:
        return self.moment

    def monotonic(self) -> float:
        return self.moment


mint = Mint(lambda: START, writer=7)


def submission(*recipients: str, body: bytes = b"Subject: x\r\n\r\nhello\r\n", **content) -> Submission:
    recipients = recipients or ("ann@example.com",)
    number = content.pop("id", None) or mint.next()
    due = content.pop("due", START)
    stream = content.pop("kind", "personal")
    campaign = content.get("campaign", "")
    tenant = content.pop("tenant", "t1")
    name, login = content.pop("stream", "main"), content.pop("credential", "c1")
    head = Content(
        id=number, tenant=tenant, stream=name, kind=stream, credential=login, sender="bob@sender.test",
        header_from="sender.test", size=len(body), accepted=START, body=body, **content,
    )  # fmt: skip
    rows = tuple(
        Delivery(
            message=number, number=place, tenant=tenant, stream=name, priority=0, lane=address.split("@")[1],
            domain=address.split("@")[1], address=address, egress="default", due=due, born=START,
            expires=START + 432_000, size=len(body), from_domain="sender.test", campaign=campaign, credential=login,
        )
        for place, address in enumerate(recipients, 1)
    )  # fmt: skip
    events = tuple(event(number, row.number, "queued", recipient=row.address) for row in rows)
    return Submission(head, rows, events)


def event(message: int, number: int, kind: str, **more) -> bytes:
    return pack(
        Event(id=mint.next(), at=START, kind=kind, tenant="t1", stream="main", message=message, number=number, **more)
    )


def done(message: int, number: int = 1, kind: str = "delivered", **more) -> Settlement:
    notice = more.pop("notice", b"")
    fact = event(message, number, kind, **({"reply": Reply(250, "2.0.0", "ok")} | more))
    return Settlement(message, number, "done", fact, notice=notice)


def defer(message: int, number: int = 1, due: float = START + 300, **more) -> Settlement:
    return Settlement(message, number, "defer", event(message, number, "deferred"), due=due, last="450 busy", **more)


def feed(lane: str = "example.com", tenant: str = "t1") -> Feed:
    return Feed(lane, "default", 0, tenant)
