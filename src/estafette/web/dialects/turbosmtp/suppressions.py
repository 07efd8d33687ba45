"""``/api/v2/suppressions``: who gets no mail.

Shapes and texts: turboSMTP/developers-hub, docs/suppressions. consumerKey and consumerSecret read; a management key as
``Authorization`` changes too.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from estafette.model.address import AddressError
from estafette.store.interface.records import Suppression
from estafette.store.interface.stops import Key, Search
from estafette.tenancy import suppressions
from estafette.tenancy.office import Office
from estafette.tenancy.suppressions import MOST, Wanted
from estafette.web.api.actor import Caller
from estafette.web.api.strict import read_json
from estafette.web.dialects.caller import managing
from estafette.web.dialects.turbosmtp import analytics, wishes
from estafette.web.dialects.turbosmtp.errors import plain
from estafette.web.problems import Problem
from estafette.web.services import Services

_TIME = "%Y-%m-%d %H:%M:%S"
#: Source there -> reasons of entries; ``manual`` is every other.
SOURCES = {"bounce": ("bounced", "soft_bounced"), "spam": ("complained",), "unsubscribe": ("unsubscribed", "erased")}
_NAMED = tuple(reason for reasons in SOURCES.values() for reason in reasons)
_KNOWN = frozenset({*SOURCES, "manual", "validation_failed"})
_ORDERS = {"date": "created", "source": "reason", "recipient": "address", "reason": "reply"}
_COLUMNS = {"recipient": "address", "reason": "reply"}
_CSV = ("Status", "Subject", "From", "To", "Date", "Reason")
_MOST_ROWS = 100_000


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes. They read their parameters themselves, because each that is wrong has a text of its own."""
    own = APIRouter()

    @own.get("/api/v2/suppressions")
    async def listed(request: Request) -> dict[str, Any]:
        """Return entries of some days, page by page."""
        return await _listed(await _caller(services, request, "read"), _given(request))

    @own.post("/api/v2/suppressions")
    async def filtered(request: Request) -> dict[str, Any]:
        """Return the same by a body."""
        return await _listed(await _caller(services, request, "read"), await _body(request))

    @own.get("/api/v2/suppressions/csv")
    async def table(request: Request) -> Response:
        """Return entries of some days as a table."""
        return await _table(await _caller(services, request, "read"), _given(request))

    @own.post("/api/v2/suppressions/csv")
    async def filtered_table(request: Request) -> Response:
        """Return the same by a body."""
        return await _table(await _caller(services, request, "read"), await _body(request))

    @own.post("/api/v2/suppressions/import")
    async def taken(request: Request) -> dict[str, Any]:
        """Suppress a list of addresses."""
        called = await _caller(services, request, "suppressions")
        if request.headers.get("content-type", "").startswith("multipart/"):
            raise plain(400, "file_upload_is_not_supported_use_POST_/v1/suppressions/import")
        given = await _body(request)
        content, reason = given.get("content"), given.get("reason")
        if not (isinstance(content, list) and content and all(isinstance(each, str) for each in content)):
            raise plain(400, "invalid_mail_address_list")
        if len(content) > MOST:
            raise plain(400, f"at_most_{MOST}_addresses")
        return await called.run(_add, called.tenant, content, reason[:512] if isinstance(reason, str) else "")

    @own.post("/api/v2/suppressions/bulk_delete")
    async def released(request: Request) -> dict[str, Any]:
        """Let addresses get mail again."""
        called = await _caller(services, request, "suppressions")
        given = read_json(await request.body())
        if not (isinstance(given, list) and given):
            raise plain(400, "no_contacts_were_provided")
        if len(given) > MOST or not all(isinstance(each, str) for each in given):
            raise plain(400, "invalid_mail_address_list")
        try:
            await called.run(suppressions.release_many, called.tenant, given)
        except AddressError:
            raise plain(400, "invalid_mail_address_list") from None
        return {"success": True}

    @own.post("/api/v2/suppressions/delete")
    async def released_by_filter(request: Request) -> dict[str, Any]:
        """Let whoever a filter names get mail again."""
        called = await _caller(services, request, "suppressions")
        search, _ = _search(called.tenant, await _body(request))
        await called.run(_release, search)
        return {"success": True}

    routes.include_router(own)


async def _caller(services: Services, request: Request, permission: str) -> Caller:
    """Return who calls, by a pair or by one key; Problem in the form of this resource."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    identity = None if token else analytics.caller(services, request)
    try:
        return await managing(services, request, permission, identity, token)
    except Problem as problem:
        if problem.status == 401:
            raise plain(401, "invalid_authorization_key") from None
        raise


def _given(request: Request) -> dict[str, Any]:
    given = request.query_params
    sources = [*given.getlist("filter_by"), *given.getlist("filter_by[]")]
    return {**given, "filter_by": [name for line in sources for name in line.split(",") if name]}


async def _body(request: Request) -> dict[str, Any]:
    given = read_json(await request.body())
    if not isinstance(given, dict):
        raise plain(400, "invalid_body")
    return given


async def _listed(called: Caller, given: Mapping[str, Any]) -> dict[str, Any]:
    search, zone = _search(called.tenant, given)
    count, found = await called.run(lambda office: office.control.stops.search(search))
    return {"count": count, "results": [_shown(each, zone) for each in found]}


async def _table(called: Caller, given: Mapping[str, Any]) -> Response:
    search, zone = _search(called.tenant, {**given, "page": 1, "limit": _MOST_ROWS}, most=_MOST_ROWS)
    _, found = await called.run(lambda office: office.control.stops.search(search))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(_CSV)
    for row in (_shown(each, zone) for each in found):
        cells = (row["source"], "", "", row["recipient"], row["date"], row["reason"] or "")
        writer.writerow([f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell for cell in cells])
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8")


def _search(tenant: str, given: Mapping[str, Any], most: int = 1_000) -> tuple[Search, tzinfo]:
    """Return what is asked for, and in which zone times are told; Problem 400 with their texts."""
    wish = wishes.span(given)
    sources = given.get("filter_by") or []
    sources = [sources] if isinstance(sources, str) else sources
    if not isinstance(sources, list) or not set(map(str, sources)) <= _KNOWN:
        raise plain(400, "filter_by_can_only_be_manual_or_bounce_or_spam_or_unsubscribe_or_validation_failed")
    reasons, others = _reasons(sources)
    words, not_words = _restricted(given.get("restrict") or [])
    order, way = str(given.get("orderby", "date")), str(given.get("ordertype", "desc"))
    if order not in _ORDERS:
        raise plain(400, "orderby_can_only_be_date_or_source_or_recipient_or_reason")
    if way not in {"asc", "desc"}:
        raise plain(400, "ordertype_should_be_asc_or_desc")
    page, limit = wishes.count(given.get("page", 1), "page"), min(most, wishes.count(given.get("limit", 10), "limit"))
    search = Search(
        tenant=tenant, since=wish.since, until=wish.until, reasons=reasons, not_reasons=others, wild=False,
        any_words=str(given.get("filter", ""))[:320], words=words, not_words=not_words, order=_ORDERS[order],
        descending=way == "desc", limit=limit, offset=min((page - 1) * limit, 10**9),
    )  # fmt: skip
    return search, wish.zone


def _reasons(sources: list[Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the reasons that are meant, and those that are not; both empty = all."""
    if not sources:
        return (), ()
    if "manual" in sources:
        return (), tuple(each for name, reasons in SOURCES.items() if name not in sources for each in reasons)
    return tuple(each for name in sources for each in SOURCES.get(str(name), ("validation_failed",))), ()


def _restricted(given: Any) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    held: list[tuple[str, str]] = []
    lacking: list[tuple[str, str]] = []
    for each in given if isinstance(given, list) else [None]:
        if not isinstance(each, dict) or each.get("operator") not in {"include", "exclude"}:
            raise plain(400, "invalid_restrict")
        if each.get("by") not in _COLUMNS:
            raise plain(400, "restrict_by_can_only_be_recipient_or_reason")
        pair = (_COLUMNS[each["by"]], str(each.get("filter", ""))[:320])
        (held if each["operator"] == "include" else lacking).append(pair)
    return tuple(held[:20]), tuple(lacking[:20])


def _add(office: Office, tenant: str, addresses: list[str], reason: str) -> dict[str, Any]:
    valid, invalid, wanted = [], [], []
    for address in addresses:
        try:
            wanted.append(Wanted(address=suppressions.key_of(address), reply=reason))
            valid.append(address)
        except AddressError:
            invalid.append(address)
    if wanted:
        suppressions.add_many(office, tenant, wanted, weak=True)
    return {"status": "success", "valid": valid, "invalid": invalid}


def _release(office: Office, search: Search) -> None:
    while True:
        _, found = office.control.stops.search(Search(**{name: getattr(search, name) for name in _ALL} | _FIRST))
        keys = [Key(each.tenant, each.stream, each.address) for each in found]
        if keys:
            entry = office.entry("suppression.release_many", tenant=search.tenant, detail=f"{len(keys)} by filter")
            office.control.stops.remove(keys, entry)
        if len(keys) < MOST:
            return


_ALL = tuple(name for name in Search.__struct_fields__ if name not in {"limit", "offset"})
_FIRST = {"limit": MOST, "offset": 0}


def _shown(entry: Suppression, zone: tzinfo) -> dict[str, Any]:
    source = next((name for name, reasons in SOURCES.items() if entry.reason in reasons), "manual")
    return {
        "date": datetime.fromtimestamp(entry.created, zone).strftime(_TIME),
        "sender": None,
        "source": source,
        "subject": "",
        "recipient": entry.address,
        "reason": entry.reply or entry.reason,
    }
