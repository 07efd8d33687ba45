"""The control tables, defined once for SQLite and PostgreSQL; one file per room, all in one collection.

A new file is imported here, so that migrations are compared with the whole.
"""

from estafette.store.tables.definitions import (
    anomalies,
    complaints,
    consents,
    credentials,
    domains,
    letters,
    people,
    plans,
    reports,
    reputation,
    routes,
    service,
    templates,
    tenants,
    topics,
    webhooks,
)
from estafette.store.tables.definitions.metadata import METADATA

__all__ = [
    "METADATA",
    "anomalies",
    "complaints",
    "consents",
    "credentials",
    "domains",
    "letters",
    "people",
    "plans",
    "reports",
    "reputation",
    "routes",
    "service",
    "templates",
    "tenants",
    "topics",
    "webhooks",
]
