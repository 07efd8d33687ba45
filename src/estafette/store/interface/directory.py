"""The directory: control data as the hot path reads it. Look-ups are plain calls on a snapshot in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from estafette.model.credential import Identity
from estafette.model.domain import Domain, SigningKey
from estafette.model.route import Route
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.model.topic import Topic

KEY_PURPOSE = "dkim"


def key_context(tenant: str, domain: str, selector: str) -> bytes:
    """Return what a sealed signing key is bound to: a row copied to another tenant does not open."""
    return f"{tenant}/{domain}/{selector}".encode()


class Directory(Protocol):
    """Answers at once, never waits; its snapshot is seconds old at most (revocation < 5 s)."""

    version: int
    """Changes whenever an answer may have changed; what is remembered of answers is keyed by it."""

    def by_password(self, username: str, password: bytes) -> Identity | None:
        """Return who this is, None when unknown or wrong; compares SHA-256 in constant time."""
        ...

    def by_api_key(self, key: str) -> Identity | None:
        """Return who holds this key."""
        ...

    def by_network(self, address: str) -> Identity | None:
        """Return the credential that a client address itself is; the most specific network wins."""
        ...

    def by_credential(self, credential: str) -> Identity | None:
        """Return the identity of a credential id (for the local socket and for notices)."""
        ...

    def by_username(self, username: str) -> Identity | None:
        """Return the identity of a user name (for the local socket, whose caller the kernel has named)."""
        ...

    def tenant(self, tenant: str) -> Tenant | None:
        """Return a tenant by id."""
        ...

    def stream(self, tenant: str, name: str) -> Stream | None:
        """Return a stream of a tenant."""
        ...

    def topics(self, tenant: str, stream: str) -> Sequence[Topic]:
        """Return the topics of a stream, in the order in which recipients see them."""
        ...

    def domain(self, tenant: str, name: str) -> Domain | None:
        """Return a domain of a tenant by its lower-case A-label name."""
        ...

    def proved(self, name: str) -> Domain | None:
        """Return the domain of this name whose proof stands in the DNS, whoever has it; not one with a warning."""
        ...

    def routes(self, domain: str) -> tuple[Route, ...]:
        """Return where mail to a domain (lower-case A-labels) goes; () when it is not ours to take.

        Nothing is taken of a domain that nobody has proved, or whose tenant is suspended. One whose records have
        changed since (``warning``) still gets its mail: what is refused here would be lost.
        """
        ...

    def may_send_as(self, identity: Identity, domain: str, address: str) -> bool:
        """True when the tenant has proved the domain *and* the credential may use this address."""
        ...

    def signing_keys(self, tenant: str, domain: str) -> Sequence[SigningKey]:
        """Return active keys of tenant and domain, RSA first; tenant "" is the service itself."""
        ...

    def suppressed(self, tenant: str, stream: str, address: str, topic: str = "") -> str:
        """Return the reason why an address gets no mail on a stream, "" when it may. topic: what the mail is about.

        An entry of another stream counts when that stream's ``suppression`` is the whole tenant; one of a topic
        (``model.topic.scope``) stops mail of that topic alone.
        """
        ...

    def consent(self, tenant: str, address: str) -> Literal["granted", "refused", ""]:
        """Return what an address has last said to being measured by a tenant, "" for nothing."""
        ...

    def withdrawn(self, tenant: str, person: bytes) -> bool:
        """True when a person (``tracking.token.person_of``) has denied or withdrawn consent; < 2 s old.

        Asked when a hit arrives, so that mail which was sent before stops measuring too.
        """
        ...

    def quota_left(self, tenant: str) -> int | None:
        """Return recipients the tenant may still queue, None for unlimited."""
        ...

    def queued_octets(self, tenant: str) -> int:
        """Return the octets that the tenant has waiting, as last told and since spent."""
        ...

    def spend(self, tenant: str, recipients: int, octets: int) -> None:
        """Count what was just accepted, until ``queued`` brings the store's own figures."""
        ...

    def queued(self, waiting: Mapping[str, tuple[int, int]]) -> None:
        """Take the store's figures: tenant -> (waiting recipients, waiting octets); absent = none."""
        ...
