"""What a request for analytics asks for, read under turboSMTP's names and refused with its texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request

from estafette.web.dialects.turbosmtp.errors import plain
from estafette.web.dialects.turbosmtp.status import STATUSES

FIELDS = ("subject", "sender", "recipient", "domain", "x_campaign_id")
ORDERS = ("send_time", "sender", "recipient", "subject")
_KNOWN = frozenset({
    "from", "to", "page", "limit", "status[]", "filter", "filter_by", "filter_by[]", "smart_search", "orderby",
    "ordertype", "tz",
})  # fmt: skip
_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})")
_MOST_ROWS = 1_000
_LONGEST = 320

T = TypeVar("T", bound=str)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """since, until: unix seconds. zone: in which times are written. fields: in which ``text`` is looked for."""

    since: float
    until: float
    zone: timezone
    page: int = 1
    limit: int = 10
    statuses: frozenset[str] = frozenset()
    text: str = ""
    fields: tuple[str, ...] = FIELDS
    order: str = "send_time"
    descending: bool = True


def read(request: Request) -> Wish:
    """Return what is asked for; Problem 400 with turboSMTP's text for what is wrong."""
    given = request.query_params
    unknown = next((name for name in given if name not in _KNOWN), None)
    if unknown is not None:
        raise plain(400, f"unknown_parameter_{unknown[:40]}")
    zone = _zone(given.get("tz", "+00:00"))
    since, until = (_day(given.get(name, ""), name, zone) for name in ("from", "to"))
    if given.get("smart_search", "false") not in {"true", "false"}:
        raise plain(400, "smart_search_should_be_true_or_false")
    statuses = frozenset(given.getlist("status[]"))
    if not statuses <= set(STATUSES):
        raise plain(400, "invalid_status_value")
    return Wish(
        since=since.timestamp(), until=(until + timedelta(days=1)).timestamp(), zone=zone,
        page=_count(given.get("page", "1"), "page"), limit=min(_MOST_ROWS, _count(given.get("limit", "10"), "limit")),
        statuses=statuses, text=given.get("filter", "")[:_LONGEST].lower(), fields=_fields(request),
        order=_one(given.get("orderby", "send_time"), ORDERS, _ORDERBY),
        descending=_one(given.get("ordertype", "desc"), ("asc", "desc"), "ordertype_should_be_asc_or_desc") == "desc",
    )  # fmt: skip


class Span(msgspec.Struct, frozen=True):
    """From when until when, unix seconds, and in which zone days begin."""

    since: float
    until: float
    zone: timezone


def span(given: Mapping[str, Any]) -> Span:
    """Return the days that a request or a body names; Problem 400."""
    zone = _zone(str(given.get("tz", "+00:00")))
    since, until = (_day(str(given.get(name) or ""), name, zone) for name in ("from", "to"))
    return Span(since.timestamp(), (until + timedelta(days=1)).timestamp(), zone)


def count(value: object, name: str) -> int:
    """Return a whole number above 0; Problem 400."""
    return _count(str(value), name)


_ORDERBY = "orderby_can_only_be_subject_or_sender_or_recipient_or_domain"
_FILTER_BY = "filter_by_can_only_be_subject_or_sender_or_recipient_or_domain"


def _fields(request: Request) -> tuple[str, ...]:
    given = [*request.query_params.getlist("filter_by"), *request.query_params.getlist("filter_by[]")]
    names = [name for line in given for name in line.split(",") if name]
    return tuple(_one(name, FIELDS, _FILTER_BY) for name in names) or FIELDS


def _day(text: str, name: str, zone: timezone) -> datetime:
    if not text:
        raise plain(400, f"missing_required_parameter_{name}")
    try:
        # The last day of all has no day after it.
        found = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone)
        found + timedelta(days=2)
        found.timestamp()
    except (ValueError, OverflowError):
        raise plain(400, f"{name}_format_should_be_yyyy-mm-dd") from None
    return found


def _zone(text: str) -> timezone:
    # A blank is what a plus becomes in a query that was not encoded.
    found = _OFFSET.fullmatch(text.replace(" ", "+"))
    minutes = int(found[2]) * 60 + int(found[3]) if found else 24 * 60
    if found is None or minutes >= 24 * 60:
        raise plain(400, "tz_format_should_be_+hh:mm")
    return timezone(timedelta(minutes=minutes if found[1] == "+" else -minutes))


def _count(text: str, name: str) -> int:
    try:
        found = int(text[:20])
    except ValueError:
        raise plain(400, f"{name}_should_be_integer") from None
    if found < 1:
        raise plain(400, f"{name}_should_be_greater_than_0")
    return found


def _one(value: T, known: tuple[str, ...], otherwise: str) -> T:
    if value not in known:
        raise plain(400, otherwise)
    return value
