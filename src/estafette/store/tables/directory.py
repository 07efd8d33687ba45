"""The directory over the control tables: rows in memory, and every second those that were written since."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from estafette.base.errors import Fault
from estafette.base.log import get
from estafette.base.seal import Keyring
from estafette.model.credential import Identity
from estafette.model.domain import Domain, SigningKey
from estafette.model.route import Route
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.model.topic import Topic, scope
from estafette.store.interface.consents import ConsentChanges
from estafette.store.interface.control import Control
from estafette.store.interface.directory import KEY_PURPOSE, key_context
from estafette.store.interface.records import Changes, SealedKey, SuppressionChanges, Versions, unnamed
from estafette.store.tables.agreed import Agreed
from estafette.store.tables.control import open_control
from estafette.store.tables.multitude import Multitude
from estafette.store.tables.stops import StopTables
from estafette.store.tables.suppressed import MANY, Suppressed
from estafette.store.tables.view import View
from estafette.tracking.token import person_of

_NOBODY = bytes(32)
_FEW = 200
_log = get("store.directory")


class _Reading(msgspec.Struct, frozen=True):
    """What was written since the versions that the directory had. ``view`` is already changed when much was."""

    since: Versions
    changes: Changes | None
    suppressions: SuppressionChanges | None
    consents: ConsentChanges | None
    view: View | None = None
    suppressed: Suppressed | Multitude | None = None
    agreed: Agreed | None = None


class DirectorySnapshot:
    """``Directory`` for one process. Whoever assembles the process calls ``refresh`` every second.

    ``version`` changes whenever an answer may have changed; caches built on answers are keyed by it.
    """

    def __init__(self, control: Control, keyring: Keyring) -> None:
        self.control = control
        self._keyring = keyring
        self._view = View()
        self._suppressed: Suppressed | Multitude = Suppressed()
        self._agreed = Agreed()
        self._versions = Versions()
        self._keys: dict[tuple[str, str], tuple[SigningKey, ...]] = {}
        self._queued: dict[str, tuple[int, int]] = {}
        self._told = False
        self.version = 0

    @classmethod
    def open(cls, place: str | Path, keyring: Keyring, *, upgrade: bool = False) -> DirectorySnapshot:
        """Open the control tables of a store or a data folder and read them once. ``upgrade``: migrate them first."""
        directory = cls(open_control(place, upgrade=upgrade), keyring)
        directory.reload()
        return directory

    async def close(self) -> None:
        """Close the tables; the last answers stay."""
        await asyncio.to_thread(self.control.close)

    async def refresh(self) -> bool:
        """Read the counters, and what was written since; True when the answers are new ones.

        The reading waits in a thread; the new answers take their place in the event loop, between two look-ups.
        """
        return self._take(await asyncio.to_thread(self._read))

    def reload(self) -> bool:
        """As ``refresh``, in the calling thread; for start-up and tests."""
        return self._take(self._read())

    def _read(self) -> _Reading:
        since, now = self._versions, self.control.versions()
        changes = self.control.changes(since.control) if now.control != since.control else None
        added, suppressed = self._read_suppressions(since.suppression, now.suppression)
        said = self.control.consents.changes(since.consent) if now.consent != since.consent else None
        view = agreed = None
        # A few rows are written over in place, between two look-ups; many would hold up the event loop.
        if changes is not None and changes.count > _FEW:
            view = self._view.copy()
            view.apply(changes)
        if said is not None and said.count > _FEW:
            agreed = self._agreed.copy()
            agreed.apply(said)
        return _Reading(since, changes, added, said, view, suppressed, agreed)

    def _read_suppressions(
        self, since: int, now: int
    ) -> tuple[SuppressionChanges | None, Suppressed | Multitude | None]:  # fmt: skip
        """Return what was written, and the answers that follow when they are changed already.

        Few entries are all in memory; of many a filter is, and what it does not know for certain the tables say.
        """
        if now == since:
            return None, None
        held, stops = self._suppressed, self.control.stops
        if isinstance(held, Suppressed):
            if isinstance(stops, StopTables) and stops.count() > MANY:
                many = Multitude(stops)
                return SuppressionChanges(version=many.version), many
            added = self.control.suppression_changes(since)
            if len(added.entries) + len(added.gone) <= _FEW:
                return added, None
            held = held.copy()
            held.apply(added)
            return added, held
        return SuppressionChanges(version=held.update()), held

    def _take(self, reading: _Reading) -> bool:
        news = (reading.changes, reading.suppressions, reading.consents)
        # Another reading may have been quicker, and knows as much or more.
        if not any(news) or reading.since != self._versions:
            return False
        if reading.changes is not None:
            self._change(reading.changes, reading.view)
        if reading.suppressed is not None:
            self._suppressed = reading.suppressed
        elif reading.suppressions is not None and isinstance(self._suppressed, Suppressed):
            self._suppressed.apply(reading.suppressions)
        if reading.agreed is not None:
            self._agreed = reading.agreed
        elif reading.consents is not None:
            self._agreed.apply(reading.consents)
        read = (each.version if each is not None else old for each, old in zip(news, self._versions, strict=True))
        self._versions = Versions(*read)
        self.version += 1
        return True

    def _change(self, changes: Changes, view: View | None) -> None:
        if view is not None:
            self._view, self._keys = view, {}
            return
        self._view.apply(changes)
        for key in changes.keys:
            self._keys.pop((key.tenant, key.domain), None)
        for kind, gone in changes.gone:
            if kind == "dkim_key":
                self._keys.pop((gone[0], gone[1]), None)

    def by_password(self, username: str, password: bytes) -> Identity | None:
        """See ``Directory``."""
        digest = hashlib.sha256(password).digest()
        view = self._view
        # User names in the form of an address are kept in lower case; clients write them as people do.
        credential = view.credentials.get(view.usernames.get(username) or view.usernames.get(username.lower(), ""))
        if not hmac.compare_digest(digest, credential.password_sha256 if credential else _NOBODY):
            return None
        return view.identity(credential.id) if credential else None

    def by_api_key(self, key: str) -> Identity | None:
        """See ``Directory``. The digest of 128 random bits and more is itself safe to look up."""
        credential = self._view.api_keys.get(hashlib.sha256(key.encode()).digest())
        return self._view.identity(credential, "api_key") if credential else None

    def by_network(self, address: str) -> Identity | None:
        """See ``Directory``."""
        credential = self._view.networks.find(address)
        return self._view.identity(credential, "network") if credential else None

    def by_credential(self, credential: str) -> Identity | None:
        """See ``Directory``."""
        return self._view.identity(credential)

    def by_username(self, username: str) -> Identity | None:
        """Return the identity of a user name; for the local socket, whose caller the kernel has named."""
        return self._view.identity(self._view.usernames.get(username, ""))

    def tenant(self, tenant: str) -> Tenant | None:
        """See ``Directory``."""
        return self._view.tenants.get(tenant)

    def stream(self, tenant: str, name: str) -> Stream | None:
        """See ``Directory``."""
        return self._view.streams.get((tenant, name))

    def topics(self, tenant: str, stream: str) -> Sequence[Topic]:
        """See ``Directory``."""
        found = self._view.topics.get((tenant, stream))
        return sorted(found.values(), key=lambda topic: (topic.created, topic.name)) if found else ()

    def domain(self, tenant: str, name: str) -> Domain | None:
        """See ``Directory``."""
        return self._view.domains.get((tenant, name))

    def proved(self, name: str) -> Domain | None:
        """See ``Directory``."""
        found = self._view.domains.get((self._view.owners.get(name, ""), name))
        return found if found is not None and found.status == "verified" else None

    def routes(self, domain: str) -> tuple[Route, ...]:
        """See ``Directory``."""
        return self._view.incoming(domain)

    def may_send_as(self, identity: Identity, domain: str, address: str) -> bool:
        """See ``Directory``. A warning (records changed since) still sends; pending and suspended do not."""
        if not self._view.may_send(identity.tenant, domain, address):
            return False
        # As the credential is now: an open session must not go on with senders that were taken from it.
        senders = (self._view.identity(identity.credential) or identity).senders
        return not senders or domain in senders or address.lower() in senders

    def signing_keys(self, tenant: str, domain: str) -> Sequence[SigningKey]:
        """See ``Directory``. Keys are opened at first use and kept open until they change."""
        keys = self._keys.get((tenant, domain))
        if keys is None:
            sealed = self._view.signing(tenant, domain)
            keys = tuple(key for key in map(self._open, sealed) if key is not None)
            self._keys[tenant, domain] = keys
        return keys

    def suppressed(self, tenant: str, stream: str, address: str, topic: str = "") -> str:
        """See ``Directory``."""
        found = self._stopped(tenant, stream, address)
        return found if found or not topic else self._stopped(tenant, scope(stream, topic), address)

    def _stopped(self, tenant: str, stream: str, address: str) -> str:
        found = self._suppressed.reason(tenant, stream, address.lower(), self._view.streams)
        if found or not self._suppressed.unnamed(tenant):
            return found
        person = unnamed(person_of(self._keyring, tenant, address))
        return self._suppressed.reason(tenant, stream, person, self._view.streams)

    def consent(self, tenant: str, address: str) -> Literal["granted", "refused", ""]:
        """See ``Directory``. No hash is made for a tenant that has asked nobody."""
        if not self._agreed.knows(tenant):
            return ""
        return self._agreed.answer(tenant, person_of(self._keyring, tenant, address))

    def withdrawn(self, tenant: str, person: bytes) -> bool:
        """See ``Directory``."""
        return self._agreed.withdrawn(tenant, person)

    def quota_left(self, tenant: str) -> int | None:
        """See ``Directory``."""
        known = self._view.tenants.get(tenant)
        if known is None or known.queued_limit is None:
            return None
        return max(0, known.queued_limit - self._queued.get(tenant, (0, 0))[0])

    def queued_octets(self, tenant: str) -> int:
        """See ``Directory``. 0 until the store has told: a sum that only grows would refuse for ever."""
        return self._queued.get(tenant, (0, 0))[1] if self._told else 0

    def spend(self, tenant: str, recipients: int, octets: int) -> None:
        """See ``Directory``."""
        rows, size = self._queued.get(tenant, (0, 0))
        self._queued[tenant] = (rows + recipients, size + octets)

    def queued(self, waiting: Mapping[str, tuple[int, int]]) -> None:
        """See ``Directory``."""
        self._queued = dict(waiting)
        self._told = True

    def _open(self, key: SealedKey) -> SigningKey | None:
        try:
            context = key_context(key.tenant, key.domain, key.selector)
            private = self._keyring.open(KEY_PURPOSE, key.sealed, context)
        except Fault as fault:
            # One key that does not open must not stop the tenant's mail; `doctor` and this line report it.
            _log.error("signing_key_unusable", domain=key.domain, selector=key.selector, cause=fault.cause)
            return None
        return SigningKey(
            tenant=key.tenant,
            domain=key.domain,
            selector=key.selector,
            kind=key.kind,
            stage=key.stage,
            private=private,
        )
