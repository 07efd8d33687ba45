"""What control data is made of, as stored, and what may be wrong with a change of it."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from estafette.base.errors import StoreFault
from estafette.model.domain import Domain, KeyKind, KeyStage
from estafette.model.route import Route
from estafette.model.sender import Sender
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.model.topic import Topic


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """A person who runs the service. password_hash: argon2id, in its own text form."""

    id: str
    name: str
    password_hash: str
    api_key_sha256: bytes
    created: float = 0.0


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """A credential as stored: digests, never the secrets. revoked, expires: unix seconds, None for never.

    message_recipients: most recipients of one message; per_minute, per_hour, per_day: most recipients in that time;
    None = no limit of its own. recipients: addresses or domains it may write to, for test keys; only_from: networks
    from which alone it may log in; empty = any. headers: the service whose header fields its programs write.
    """

    id: str
    tenant: str
    name: str
    username: str
    stream: str
    password_sha256: bytes
    api_key_sha256: bytes
    senders: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    created: float = 0.0
    revoked: float | None = None
    message_recipients: int | None = None
    per_minute: int | None = None
    per_hour: int | None = None
    per_day: int | None = None
    expires: float | None = None
    recipients: tuple[str, ...] = ()
    only_from: tuple[str, ...] = ()
    headers: str = ""
    version: int = 0


class SealedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A DKIM key at rest. sealed: PKCS#8 DER under the keyring; record: the TXT value that publishes it.

    seen: when its record was last found in the DNS, 0 = never: only a key that was seen signs. since: when its stage
    began. until: when its stage ends by itself, None = by a decision.
    """

    tenant: str
    domain: str
    selector: str
    kind: KeyKind
    stage: KeyStage
    sealed: bytes
    record: str
    created: float = 0.0
    seen: float = 0.0
    since: float = 0.0
    until: float | None = None
    version: int = 0


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """An address that gets no mail. stream "" = no stream of the tenant; address lower case.

    Of somebody whose address we do not have, or no longer, ``unnamed`` of the keyed hash stands in its place; of a
    whole domain ``*@domain`` does. expires: unix seconds after which it is removed, None = by a decision only.
    event, message, reply, observed: the evidence: which event of which message, what the other server said, and when; 0
    and "" where somebody put it here by hand.
    """

    tenant: str
    stream: str
    address: str
    reason: str
    created: float = 0.0
    expires: float | None = None
    event: int = 0
    message: int = 0
    reply: str = ""
    observed: float = 0.0


def unnamed(person: bytes) -> str:
    """Return what stands in place of the address of a person (``tracking.token.person_of``); none looks like it."""
    return f"person:{person.hex()}"


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what to whose thing, when and from where.

    before, after: the fields that changed, None where there is no such state; never a secret. address: the client's.
    """

    at: float
    actor: str
    action: str
    tenant: str = ""
    subject: str = ""
    detail: str = ""
    before: dict[str, object] | None = None
    after: dict[str, object] | None = None
    address: str = ""


class Versions(NamedTuple):
    """The change counters: of everything else, of suppressions, of consents."""

    control: int = 0
    suppression: int = 0
    consent: int = 0


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What the directory needs of everything written since some version, suppressions left out, as of ``version``.

    gone: table and primary key of each row that was removed; it may have been written again.
    """

    version: int
    tenants: tuple[Tenant, ...] = ()
    streams: tuple[Stream, ...] = ()
    domains: tuple[Domain, ...] = ()
    keys: tuple[SealedKey, ...] = ()
    credentials: tuple[Credential, ...] = ()
    senders: tuple[Sender, ...] = ()
    topics: tuple[Topic, ...] = ()
    routes: tuple[Route, ...] = ()
    gone: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def count(self) -> int:
        """Return how many rows these are."""
        sending = (self.tenants, self.streams, self.domains, self.keys, self.credentials, self.senders, self.topics)
        return sum(map(len, (*sending, self.routes, self.gone)))


class SuppressionChanges(msgspec.Struct, frozen=True, kw_only=True):
    """The same of suppressions; gone: (tenant, stream, address)."""

    version: int
    entries: tuple[Suppression, ...] = ()
    gone: tuple[tuple[str, str, str], ...] = ()


class Wiped(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure came to in the control data: rows removed, and entries of the audit that were reworded."""

    suppressions: int = 0
    audit: int = 0
    receipts: int = 0
    calls: int = 0
    tickets: int = 0


class AlreadyThere(ValueError):
    """A name that must be unique is taken."""


class Stale(StoreFault):
    """What is to be changed is not what the caller has seen: somebody was quicker. Nothing was changed."""

    def __init__(self) -> None:
        super().__init__(
            "it changed since you read it", place="If-Match", fix="read it again and repeat the change", temporary=True
        )
