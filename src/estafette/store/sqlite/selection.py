"""A queue filter as a condition of SQL; values are always bound."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

import apsw

from estafette.model.rule import Filter, Rule
from estafette.store.sqlite.rows import born_of, credential_of, stream_of

#: The cheap ones first: SQLite stops at the first that fails, and the last three open the row's data.
_CONDITIONS = (
    ("tenant", "tenant = ?"),
    ("domain", "domain = ?"),
    ("site", "lane = ?"),
    ("from_domain", "from_domain = ?"),
    ("campaign", "campaign = ?"),
    ("recipient", "address = ? COLLATE NOCASE"),
    ("message", "message = ?"),
    ("number", "number = ?"),
    ("before", "message < ?"),
    ("stream", "stream_of(data) = ?"),
    ("credential", "credential_of(data) = ?"),
    ("born_before", "born_of(data) < ?"),
)
_MESSAGES = "message IN (SELECT value FROM json_each(?))"


def teach(connection: apsw.Connection) -> None:
    """Give a connection the functions that conditions call; no column and no index is written for them."""
    connection.create_scalar_function("stream_of", cast("Any", stream_of), 1, deterministic=True)
    connection.create_scalar_function("credential_of", cast("Any", credential_of), 1, deterministic=True)
    connection.create_scalar_function("born_of", cast("Any", born_of), 1, deterministic=True)


def condition(selection: Filter) -> tuple[str, list[Any]]:
    """Return the condition of a filter and its values; "1" when it matches all."""
    parts, values = [], []
    for field, text in _CONDITIONS:
        value = getattr(selection, field)
        if value:
            parts.append(text)
            values.append(value)
    return " AND ".join(parts) or "1", values


def where(selection: Filter) -> tuple[str, list[Any]]:
    """Return ``AND (...)`` for a filter."""
    text, values = condition(selection)
    return f"AND ({text})", values


def exception(rules: Sequence[Rule]) -> tuple[str, list[Any]]:
    """Return ``AND NOT (...)`` for what any of the rules matches.

    Those on whole messages are one term for each tenant: SQLite takes a thousand terms, not more.
    """
    messages: dict[str, list[int]] = {}
    found = []
    for rule in rules:
        asks = rule.filter
        if asks.message and asks == Filter(tenant=asks.tenant, message=asks.message):
            messages.setdefault(asks.tenant, []).append(asks.message)
        else:
            found.append(condition(asks))
    for tenant, ids in messages.items():
        text, bound = condition(Filter(tenant=tenant))
        found.append((f"{text} AND {_MESSAGES}", [*bound, json.dumps(ids)]))
    return " ".join(f"AND NOT ({text})" for text, _ in found), [value for _, bound in found for value in bound]


def within(inner: Filter, outer: Filter) -> bool:
    """True when everything ``inner`` names is bounded by ``outer``: each field that outer gives, inner gives alike."""
    return all(getattr(inner, field) == getattr(outer, field) for field, _ in _CONDITIONS if getattr(outer, field))
