"""From where tenants send: streams, domains with their keys and labels, single addresses; and who looks at mail."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from estafette.base.errors import Fault
from estafette.model.domain import Domain
from estafette.model.look import Look
from estafette.model.sender import Sender
from estafette.model.stream import Stream
from estafette.model.user import Letter
from estafette.store.interface.page import Page, Paged
from estafette.store.interface.records import AuditEntry, SealedKey


class InUse(Fault):
    """What is to be removed is still needed; the text says by whom."""

    code = "in_use"


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A name under the service's zone that one domain of one tenant has, and nobody else ever."""

    label: str
    tenant: str
    domain: str
    created: float = 0.0


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A domain that goes from one tenant to another: both states after, and what is written down with it."""

    winner: Domain
    loser: Domain
    won: AuditEntry
    lost: AuditEntry
    letters: tuple[Letter, ...] = ()


class Sending(Protocol):
    """Every write commits its audit entry with it."""

    def add_stream(self, stream: Stream, entry: AuditEntry) -> None:
        """Add a stream; AlreadyThere."""
        ...

    def remove_stream(self, stream: Stream, entry: AuditEntry) -> None:
        """Remove a stream with its topics; Stale, InUse while a credential that is not revoked sends on it.

        Suppressions of a stream whose scope is the tenant become the tenant's: who said no to all still says so.
        """
        ...

    def domain(self, name: str, tenant: str = "") -> Sequence[Domain]:
        """Return the domains with an id or a name, of one tenant when given."""
        ...

    def remove_domain(self, domain: Domain, entry: AuditEntry) -> None:
        """Remove a domain with its keys; its labels stay taken. Stale."""
        ...

    def unchecked(self, before: float, limit: int) -> Sequence[Domain]:
        """Return proved domains whose records were last looked at before a moment, longest ago first."""
        ...

    def note_check(
        self,
        before: Domain,
        after: Domain,
        keys: Sequence[SealedKey],
        entry: AuditEntry | None,
        letters: Sequence[Letter],
    ) -> None:
        """Write what a look at the DNS has found. Stale, AlreadyThere when another tenant holds the name as proved."""
        ...

    def move(self, move: Move) -> None:
        """Give a proved domain to the tenant that proved it last, in one transaction. Stale."""
        ...

    def put_keys(self, new: Sequence[SealedKey], changed: Sequence[SealedKey], entry: AuditEntry) -> None:
        """Add keys and write others' new state. Stale."""
        ...

    def keys(self, owners: Collection[tuple[str, str]]) -> Sequence[SealedKey]:
        """Return the keys of several (tenant, domain), oldest first."""
        ...

    def keys_in(self, stage: str, before: float) -> Sequence[SealedKey]:
        """Return keys of tenants that have been in a stage since before a moment."""
        ...

    def add_label(self, label: Label) -> None:
        """Take a label for ever; AlreadyThere when it was ever given."""
        ...

    def labels(self) -> Sequence[Label]:
        """Return every label that was ever given."""
        ...

    def sender(self, name: str, tenant: str) -> Sender | None:
        """Return a sender of a tenant by id or address."""
        ...

    def sender_by(self, digest: bytes) -> Sender | None:
        """Return the sender whose link has this SHA-256."""
        ...

    def senders(self, page: Page, *, tenant: str = "", status: str = "") -> Paged[Sender]:
        """Return a page of senders, oldest first."""
        ...

    def add_sender(self, sender: Sender, letter: Letter, entry: AuditEntry) -> None:
        """Add one with the letter that carries its link; AlreadyThere."""
        ...

    def put_sender(self, sender: Sender, entry: AuditEntry, letter: Letter | None = None) -> None:
        """Write its new state; Stale."""
        ...

    def remove_sender(self, sender: Sender, entry: AuditEntry) -> None:
        """Remove one; Stale."""
        ...

    def looks(self, tenant: str, *, open_at: float | None = None) -> Sequence[Look]:
        """Return the looks at a tenant's private mail, newest first; open_at: only those that last at that moment."""
        ...

    def look(self, name: str, tenant: str) -> Look | None:
        """Return one by id."""
        ...

    def add_look(self, look: Look, letter: Letter | None, entry: AuditEntry) -> None:
        """Add one, with the letter that tells whose mail it is."""
        ...

    def put_look(self, look: Look, entry: AuditEntry) -> None:
        """Write its new state."""
        ...
