"""The capture transport: nothing leaves; addresses under ``simulator.test`` play each outcome.

A simulated refusal carries no category: it suppresses nobody, so that it can be played again. Whoever complains takes
the mail first: ``relay.ending`` lets the complaint follow.
"""

from __future__ import annotations

import asyncio

from estafette.model.event import Reply, Step
from estafette.model.message import Delivery
from estafette.model.outcome import Outcome, Phase, Verdict

SITE = "capture"
DOMAIN = "simulator.test"
#: Seconds that ``slow@`` takes.
SLOW = 5.0
#: Reason of a delivery that a complaint follows.
COMPLAINT = "simulated_complaint"

_CAPTURED = Reply(250, "2.0.0", "captured")
_PLAYS: dict[str, tuple[Verdict, Reply, str, Phase]] = {
    "delivered": ("delivered", Reply(250, "2.0.0", "simulated delivery"), "", "dot"),
    "slow": ("delivered", Reply(250, "2.0.0", "simulated delivery, slow"), "", "dot"),
    "bounce": ("bounced", Reply(550, "5.1.1", "simulated: no such user"), "rcpt_refused", "rcpt"),
    "full": ("deferred", Reply(452, "4.2.2", "simulated: mailbox full"), "rcpt_refused", "rcpt"),
    "greylist": ("deferred", Reply(451, "4.7.1", "simulated: greylisted, try again"), "rcpt_refused", "rcpt"),
    "complaint": ("delivered", Reply(250, "2.0.0", "simulated complaint"), COMPLAINT, "dot"),
}


async def capture(delivery: Delivery) -> Outcome:
    """Return what becomes of one captured recipient; ``greylist@`` is taken on its second attempt."""
    verdict, reply, reason, phase = _play(delivery)
    if delivery.domain == DOMAIN and _name(delivery) == "slow":
        await asyncio.sleep(SLOW)
    return Outcome(
        message=delivery.message, number=delivery.number, verdict=verdict, reply=reply, reason=reason, phase=phase,
        site=SITE, steps=(Step(phase, 0, f"{reply.code} {reply.enhanced}"),),
    )  # fmt: skip


def _play(delivery: Delivery) -> tuple[Verdict, Reply, str, Phase]:
    name = _name(delivery)
    if delivery.domain != DOMAIN or (name == "greylist" and delivery.attempts > 0):
        return "delivered", _CAPTURED, "", "dot"
    return _PLAYS.get(name, ("delivered", _CAPTURED, "", "dot"))


def _name(delivery: Delivery) -> str:
    return delivery.address.rpartition("@")[0].partition("+")[0].lower()
