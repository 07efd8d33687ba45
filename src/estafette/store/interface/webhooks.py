"""Webhooks at rest: endpoints, the calls that are still to be made, and what became of the last ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import msgspec

from estafette.model.user import Letter
from estafette.model.webhook import Call, CallState, LogReader, Webhook
from estafette.store.interface.page import Page, Paged
from estafette.store.interface.records import AuditEntry

#: What the keys of a webhook are sealed for; its id is the context.
KEYS_PURPOSE = "webhook-keys"


class Backlog(msgspec.Struct, frozen=True):
    """What a webhook still has to be told. pending: calls; due: of the earliest that may go, None when none may."""

    pending: int
    due: float | None


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What one transaction writes of the work on calls.

    calls: new states of rows, which are made when they are not there. ended: chains whose first pending call is over,
    so that the next one of the same message is due at ``now``. readers: where reading stands after these calls.
    finished: ids of readers that have reached their end. failing: webhook -> since when no call succeeds, 0 = they do.
    """

    now: float
    calls: Sequence[Call] = ()
    ended: Collection[tuple[str, int]] = ()
    readers: Sequence[LogReader] = ()
    finished: Collection[str] = ()
    failing: Mapping[str, float] = {}


class Webhooks(Protocol):
    """Webhooks of tenants and their calls. Plain calls that wait for the disk."""

    def version(self) -> tuple[int, ...]:
        """Return what every change by a person changes: of a webhook, a call, a replay or a route."""
        ...

    def find(self, tenant: str, webhook: str) -> Webhook | None:
        """Return a webhook of a tenant by id."""
        ...

    def page(self, page: Page, *, tenant: str) -> Paged[Webhook]:
        """Return a page of a tenant's webhooks, oldest first."""
        ...

    def active(self) -> Sequence[Webhook]:
        """Return every webhook that is called, the addresses of routes included."""
        ...

    def add(self, webhook: Webhook, entry: AuditEntry) -> None:
        """Add one."""
        ...

    def change(self, webhook: Webhook, entry: AuditEntry, letters: Sequence[Letter] = ()) -> None:
        """Write a webhook's new state, and what is to be told of it; Stale."""
        ...

    def remove(self, webhook: Webhook, entry: AuditEntry) -> None:
        """Remove a webhook with its calls; Stale."""
        ...

    def calls(self, page: Page, *, webhook: str, state: CallState | None = None) -> Paged[Call]:
        """Return a page of a webhook's calls, newest first."""
        ...

    def call(self, webhook: str, call: str) -> Call | None:
        """Return a call."""
        ...

    def ask(self, call: Call, entry: AuditEntry) -> None:
        """Write a call that a person wants made, in place of one of the same id."""
        ...

    def replay(self, reader: LogReader, entry: AuditEntry) -> None:
        """Have a part of the log told again."""
        ...

    def readers(self) -> Sequence[LogReader]:
        """Return where reading stands."""
        ...

    def backlogs(self) -> Mapping[str, Backlog]:
        """Return what is pending, by webhook."""
        ...

    def blocked(self, webhook: str, messages: Collection[int]) -> set[int]:
        """Return those of some messages of which an earlier call is pending."""
        ...

    def due(self, webhook: str, now: float, limit: int) -> Sequence[Call]:
        """Return calls whose time has come, earliest first."""
        ...

    def settle(self, settlement: Settlement) -> None:
        """Write what became of calls and how far the log was read, in one transaction."""
        ...

    def prune(self, before: float, kept: int) -> int:
        """Forget ended calls made before a moment, and those of webhooks that are no more; return how many.

        kept: of the calls of a webhook that succeeded, the newest so many stay.
        """
        ...
