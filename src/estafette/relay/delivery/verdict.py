"""From what a peer said, and when, to what we conclude."""

from __future__ import annotations

import re

from estafette.model.envelope import NOTIFY_SUCCESS
from estafette.model.event import Reply, Step
from estafette.model.message import Delivery
from estafette.model.outcome import Outcome, Verdict
from estafette.relay.delivery.parcel import End
from estafette.smtp.answer import Answer, Failure
from estafette.smtp.classification import Classification, classify

#: Reason of recipients that only came too late in their transaction.
TOO_MANY = "too_many_recipients"
#: Reason of recipients whose mail goes on from another of our addresses.
SOURCE_REFUSED = "source_refused"
#: Reason of recipients whose next server took over to tell the sender of their delivery.
DSN_RELAYED = "dsn_relayed"
_MAX_WAIT = 86400.0
_HINT = re.compile(
    r"(?:again|retry|after|wait|delayed|greylisted|in|for)\s[^0-9]{0,24}([0-9]{1,6})\s?(s|sec|seconds?|m|min|minutes?|h|hours?)\b",
    re.IGNORECASE,
)
_UNIT = {"s": 1.0, "m": 60.0, "h": 3600.0}
_SITE_PHASES = frozenset({"connect", "greeting", "ehlo", "starttls", "auth"})
_SILENCE: dict[str, tuple[str, str]] = {
    "timeout": ("4.4.2", "the peer did not answer in time"),
    "connection_lost": ("4.4.2", "the peer closed the connection"),
    "malformed_reply": ("4.5.0", "the peer's reply cannot be read"),
    "reply_too_long": ("4.5.0", "the peer's reply has no end"),
    "unexpected_reply": ("4.5.0", "the peer's reply does not fit"),
    "starttls_injection": ("4.7.0", "octets behind the reply to STARTTLS"),
    "tls_not_offered": ("4.7.4", "the host does not offer TLS, which its password needs"),
    "tls_failed": ("4.7.5", "TLS could not be set up"),
    "no_common_mechanism": ("4.7.0", "the host offers no way to log in that we know"),
}


def wait_hint(text: str) -> float | None:
    """Return the seconds that "try again in N minutes" names, at most a day; None when the text names none."""
    match = _HINT.search(text)
    if match is None:
        return None
    return min(float(match[1]) * _UNIT[match[2][0].lower()], _MAX_WAIT)


def conclude(
    delivery: Delivery, answer: Answer, *, accepted: Verdict, dsn: bool, site: str, source: str,
    steps: tuple[Step, ...], elsewhere: bool = False,
) -> Outcome:  # fmt: skip
    """Return the outcome of one recipient. accepted: the word for success, ``sent`` behind a smarthost.

    dsn: the peer offers DSN, so that NOTIFY=SUCCESS was passed on and is the peer's to fulfil (RFC 3461 section 5.2.2).
    elsewhere: another of our addresses may still be tried, so that a refusal of this one is not the end.
    """
    reply = answer.reply
    if reply is None:
        return _silent(delivery, answer, site, source, steps)
    if answer.phase == "dot" and reply.code < 400:
        return Outcome(
            message=delivery.message, number=delivery.number, verdict=accepted, reply=reply,
            reason=DSN_RELAYED if dsn and delivery.notify & NOTIFY_SUCCESS else "", site=site, source=source,
            steps=steps,
        )  # fmt: skip
    verdict: Verdict = "bounced" if reply.code >= 500 else "deferred"
    reason = answer.reason or f"{answer.phase}_refused"
    retry_after = wait_hint(reply.text) if verdict == "deferred" else None
    if answer.crowded and reply.code in (452, 552) and not reply.enhanced.endswith(".2.2"):
        # RFC 5321 section 4.5.3.1.10: old servers say 552 for "too many recipients"; the rest goes again at once.
        verdict, reason, retry_after = "deferred", TOO_MANY, 0.0
    found = meaning(reply, answer.phase)
    if elsewhere and refuses_source(reply, answer.phase):
        verdict, reason, retry_after = "deferred", SOURCE_REFUSED, 0.0
    return Outcome(
        message=delivery.message, number=delivery.number, verdict=verdict, reply=reply, reason=reason,
        phase=answer.phase, site=site, source=source, retry_after=retry_after, steps=steps, category=found.category,
        scope=found.scope, rule=f"{found.rule}@{found.version}",
    )  # fmt: skip


def meaning(reply: Reply, phase: str) -> Classification:
    """Return what a refusal means."""
    return classify(reply.code, reply.enhanced, reply.text, phase)


def refuses_source(reply: Reply, phase: str) -> bool:
    """Whether a reply refuses our address, so that another one may fare better."""
    found = meaning(reply, phase)
    return found.action == "try_other_source" and found.scope == "source_ip"


def _silent(delivery: Delivery, answer: Answer, site: str, source: str, steps: tuple[Step, ...]) -> Outcome:
    unknown = answer.phase == "dot"
    enhanced, text = _SILENCE.get(answer.reason, ("4.4.2", "the session ended early"))
    if unknown:
        text += "; whether it took the message is unknown"
    return Outcome(
        message=delivery.message, number=delivery.number, verdict="unknown" if unknown else "deferred",
        reply=Reply(451, enhanced, text), reason="lost_after_dot" if unknown else answer.reason,
        phase=answer.phase, site=site, source=source, steps=steps, category="connection_refused_or_timeout",
        scope="site",
    )  # fmt: skip


def from_end(delivery: Delivery, end: End, *, site: str, source: str = "", steps: tuple[Step, ...] = ()) -> Outcome:
    """Return the outcome of a recipient that shares an end with others."""
    found = meaning(end.reply, end.phase)
    return Outcome(
        message=delivery.message, number=delivery.number, verdict=end.verdict, reply=end.reply, reason=end.reason,
        phase=end.phase, site=site, source=source, retry_after=end.retry_after, site_failure=end.site_failure,
        steps=steps, category=found.category, scope=found.scope, rule=f"{found.rule}@{found.version}",
    )  # fmt: skip


def from_failure(failure: Failure, detail: str = "") -> End:
    """Return the end that a session brings which never became usable: deferred, and the site's trouble.

    A 5yz greeting is not the recipient's: another host, another hour may say otherwise. Only 521, "this host never
    takes mail" (RFC 7504 section 3), ends it.
    """
    reply = failure.reply
    if reply is None:
        enhanced, text = _SILENCE.get(failure.reason, ("4.4.1", detail or failure.reason))
        reply = Reply(451, enhanced, (detail or text)[:512])
    if reply.code == 521 and failure.phase in ("greeting", "ehlo"):
        return End("bounced", reply, "host_takes_no_mail", failure.phase)
    site_failure = failure.phase in _SITE_PHASES
    return End("deferred", reply, failure.reason, failure.phase, wait_hint(reply.text), site_failure)
