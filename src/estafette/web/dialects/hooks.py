"""Webhooks of ours, for services whose programs know each by a whole number."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Any

from estafette.model.event import EVENT_KINDS
from estafette.store.interface.page import Page
from estafette.tenancy.office import Office
from estafette.webhooks import endpoints


def told_as(office: Office, tenant: str, formats: Collection[str]) -> list[dict[str, Any]]:
    """Return the webhooks of a tenant that are called in one of these forms, oldest first."""
    held: Any = endpoints.list_all(office, tenant, Page(limit=endpoints.MOST))
    return [each for each in held["items"] if each["format"] in formats]


def number_of(*names: str) -> int:
    """Return the number that stands for something with these names, below 2**48."""
    return int.from_bytes(hashlib.sha256("/".join(names).encode()).digest()[:6])


def kinds(hook: dict[str, Any]) -> frozenset[str]:
    """Return the kinds of events that a webhook hears of."""
    return frozenset(hook["events"]) or EVENT_KINDS


def united(parts: Iterable[Collection[str]]) -> list[str]:
    """Return every kind of some collections, each once."""
    return sorted({kind for part in parts for kind in part})
