"""The end of one attempt: outcome and decision become a settlement with its event and, if owed, a notice."""

from __future__ import annotations

import msgspec

from estafette.base.ids import Mint
from estafette.model.event import SIMULATED, Event, Reply, pack
from estafette.model.message import Content, Delivery
from estafette.model.outcome import Outcome
from estafette.model.stream import Priority
from estafette.relay.delivery import simulator
from estafette.relay.feedback import notices
from estafette.relay.scheduling.retry import Decision
from estafette.smtp.classification import vocabulary
from estafette.store.interface.spool import Settlement


def our_fault(delivery: Delivery, error: BaseException | None) -> Outcome:
    """Return the outcome of an attempt that failed inside this program: deferred, never lost."""
    text = f"internal error ({type(error).__name__})"
    return Outcome(
        message=delivery.message, number=delivery.number, verdict="deferred", reason="internal_error",
        phase="local", reply=Reply(451, "4.3.0", text),
    )  # fmt: skip


def out_of_hours(delivery: Delivery, seconds: float) -> Outcome:
    """Return the outcome of mail whose stream may not send for so many seconds: nothing was tried."""
    return Outcome(
        message=delivery.message, number=delivery.number, verdict="deferred", reason="sending_window",
        phase="local", retry_after=seconds, attempted=False,
    )  # fmt: skip


def suppressed(delivery: Delivery, why: str) -> Outcome:
    """Return the end of mail whose recipient was suppressed while it waited: ``rejected`` when it was never tried."""
    return Outcome(
        message=delivery.message, number=delivery.number, verdict="failed" if delivery.attempts else "rejected",
        reason="suppressed", phase="local", attempted=False, category="suppressed", scope="tenant",
        reply=Reply(550, "5.7.1", f"the recipient is on the suppression list ({why})"),
    )  # fmt: skip


def settlement(decision: Decision, content: Content | None, now: float, mint: Mint) -> Settlement:
    """Return what the store commits for one decision."""
    delivery, outcome = decision.delivery, decision.outcome
    notice, notified = _notice(decision, content, now)
    event = _event(decision, content, now, mint.next())
    return Settlement(
        message=delivery.message,
        number=delivery.number,
        kind=decision.action,
        event=pack(event),
        due=decision.due,
        last=_last(outcome),
        notice=notice,
        notified=notified,
        spent=decision.spent,
        also=(pack(_complaint(event, mint.next())),) if event.reason == simulator.COMPLAINT else (),
    )


def _event(decision: Decision, content: Content | None, now: float, number: int) -> Event:
    delivery, outcome = decision.delivery, decision.outcome
    category, scope, rule = _meaning(decision)
    return Event(
        id=number,
        at=now,
        kind="failed" if decision.expired else outcome.verdict,
        tenant=delivery.tenant,
        stream=delivery.stream,
        message=delivery.message,
        number=delivery.number,
        recipient=delivery.address,
        campaign=delivery.campaign,
        attempt=delivery.attempts + decision.spent,
        reply=outcome.reply,
        site=outcome.site or delivery.lane,
        source=outcome.source,
        reason="expired" if decision.expired else outcome.reason,
        credential=content.credential if content is not None else delivery.credential,
        size=delivery.size,
        steps=outcome.steps,
        tags=content.tags if content is not None else (),
        metadata=content.metadata if content is not None else {},
        template=content.template if content is not None else "",
        topic=content.topic if content is not None else "",
        from_domain=delivery.from_domain,
        private=delivery.priority == Priority.PERSONAL,
        category=category,
        scope=scope,
        rule=rule,
    )


def _complaint(taken: Event, number: int) -> Event:
    """Return the complaint of a simulated recipient about what it took, with all labels of its message."""
    return msgspec.structs.replace(
        taken, id=number, kind="complained", reason=SIMULATED, source=simulator.SITE, attempt=0, reply=None, steps=()
    )


def _meaning(decision: Decision) -> tuple[str, str, str]:
    """Return category, scope and rule of the event.

    Mail whose time is over keeps what its last reply meant, such as a full mailbox; but what would suppress an address
    was said of it for the time being only (4yz), so that then it is just over.
    """
    outcome = decision.outcome
    known = vocabulary().get(outcome.category)
    if decision.expired and (known is None or known.suppress):
        return "expired", "message", ""
    return outcome.category, outcome.scope, outcome.rule


def _notice(decision: Decision, content: Content | None, now: float) -> tuple[bytes, int]:
    """Return the notice item owed (b"" for none) and the row's new ``notified`` flag."""
    delivery, outcome = decision.delivery, decision.outcome
    if content is None:
        return b"", delivery.notified
    if decision.action == "done":
        if decision.expired or outcome.verdict in ("bounced", "failed", "rejected"):
            return notices.failure_item(content, delivery, outcome, now), delivery.notified
        return notices.success_item(content, delivery, outcome, now), delivery.notified
    if decision.delay_warning_due and not delivery.notified:
        return notices.delay_item(content, delivery, outcome, now), 1
    return b"", delivery.notified


def _last(outcome: Outcome) -> str:
    reply = outcome.reply
    if reply is None:
        return outcome.reason
    return f"{reply.code} {reply.enhanced} {reply.text}".strip()[:512]
