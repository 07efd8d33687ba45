"""TLS reports (RFC 8460 section 4): one JSON document, a list of policies with their sessions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from estafette.mail.receivers import said
from estafette.mail.receivers.fault import Unreadable
from estafette.model.report import ReceiverReport, ReportRow

#: Octets of a report; policies, and failures of each, that are read.
LARGEST = 4 * 1024 * 1024
POLICIES, FAILURES = 100, 1_000
_DEEPEST = 16


def read(octets: bytes) -> tuple[ReceiverReport, ...]:
    """Return what a report says, one for each domain it names; Unreadable."""
    whole = _loaded(octets)
    identity = said.words(whole.get("report-id"))
    policies = whole.get("policies")
    if not identity or not isinstance(policies, list):
        raise Unreadable("form", "the report does not say its id and its policies")
    span = _object(whole.get("date-range"))
    begin, end = said.period(_moment(span.get("start-datetime")), _moment(span.get("end-datetime")))
    contact = said.words(whole.get("contact-info"))
    reporter = said.words(whole.get("organization-name")) or contact
    found: dict[str, ReceiverReport] = {}
    for each in policies[:POLICIES]:
        told = _policy(_object(each), reporter, identity, contact, (begin, end))
        if told is not None:
            found[told.domain] = _joined(found[told.domain], told) if told.domain in found else told
    if not found:
        raise Unreadable("form", "the report does not say which domain it is about")
    return tuple(found.values())


def _loaded(octets: bytes) -> dict[str, Any]:
    if len(octets) > LARGEST:
        raise Unreadable("too_large", f"more than {LARGEST} octets")
    if _depth(octets) > _DEEPEST:
        raise Unreadable("markup", f"more than {_DEEPEST} levels")
    try:
        whole = json.loads(octets.decode("utf-8-sig"), parse_float=lambda _: 0, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise Unreadable("markup", f"no JSON: {str(error)[:200]}") from None
    if not isinstance(whole, dict):
        raise Unreadable("nothing", "no TLS report: it is no object")
    return whole


def _depth(octets: bytes) -> int:
    """Return how deep the brackets stand at most; those in texts count, which is too many and never too few."""
    deep = most = 0
    for octet in octets.translate(None, _NO_BRACKETS):
        deep += 1 if octet in b"[{" else -1
        most = max(most, deep)
    return most


_NO_BRACKETS = bytes(octet for octet in range(256) if octet not in b"[]{}")


def _integer(text: str) -> int:
    return int(text) if len(text) <= 18 else said.MOST


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _moment(value: object) -> float:
    text = said.words(value, 40)
    try:
        found = datetime.fromisoformat(text)
        return found.timestamp() if found.tzinfo is not None else 0.0
    except (ValueError, OverflowError, OSError):
        return 0.0


def _policy(
    each: dict[str, Any], reporter: str, identity: str, contact: str, span: tuple[float, float]
) -> ReceiverReport | None:
    policy, summary = _object(each.get("policy")), _object(each.get("summary"))
    about = said.domain(policy.get("policy-domain"))
    if not about:
        return None
    good = said.number(summary.get("total-successful-session-count"))
    bad = said.number(summary.get("total-failure-session-count"))
    failures = list(_failures(each.get("failure-details")))
    return ReceiverReport(
        kind="tls", domain=about, reporter=reporter, report=identity, begin=span[0], end=span[1], contact=contact,
        form="rfc8460", policy=said.token(policy.get("policy-type")), messages=good + bad, passed=good,
        unlisted=max(0, bad - sum(row.count for row in failures)), rows=tuple(failures),
    )  # fmt: skip


def _failures(value: object) -> Iterator[ReportRow]:
    for each in (value if isinstance(value, list) else [])[:FAILURES]:
        told = _object(each)
        # The hostname is optional and the address may stand for it; additional-information is an address to look at.
        why = " ".join(said.words(told.get(name)) for name in ("failure-reason-code", "additional-information"))
        yield ReportRow(
            source=said.address(told.get("sending-mta-ip")), count=said.number(told.get("failed-session-count")),
            result=said.token(told.get("result-type")), reason=said.words(why),
            target=said.domain(told.get("receiving-mx-hostname")) or said.address(told.get("receiving-ip")),
        )  # fmt: skip


def _joined(one: ReceiverReport, other: ReceiverReport) -> ReceiverReport:
    """Return two policies of one domain (RFC 8460 section 4.4: several may apply) as one."""
    policies = dict.fromkeys([*one.policy.split(), *other.policy.split()])
    return ReceiverReport(
        kind="tls", domain=one.domain, reporter=one.reporter, report=one.report, begin=one.begin, end=one.end,
        contact=one.contact, form=one.form, policy=" ".join(policies)[: said.LONGEST],
        messages=one.messages + other.messages, passed=one.passed + other.passed,
        unlisted=one.unlisted + other.unlisted + sum(row.count for row in other.rows[FAILURES - len(one.rows) :]),
        rows=(*one.rows, *other.rows[: FAILURES - len(one.rows)]),
    )  # fmt: skip
