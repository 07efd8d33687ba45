"""The control tables as the hot path reads them: rows in dictionaries, joined at look-up."""

from __future__ import annotations

from estafette.model.credential import Allowance, Identity
from estafette.model.domain import Domain
from estafette.model.route import BELOW, Route
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.model.topic import Topic
from estafette.store.interface.records import Changes, Credential, SealedKey
from estafette.store.tables.networks import Networks

_UNLIMITED = Allowance()
_PROVED = frozenset({"verified", "warning"})


class View:
    """Rows by key, and who each credential is. Only ``apply`` changes it, and never during a look-up.

    A credential's identity is joined from its tenant and stream when it is first asked for, so that loading costs
    little and a changed stream touches no credential.
    """

    def __init__(self) -> None:
        self.tenants: dict[str, Tenant] = {}
        self.streams: dict[tuple[str, str], Stream] = {}
        self.topics: dict[tuple[str, str], dict[str, Topic]] = {}
        self.domains: dict[tuple[str, str], Domain] = {}
        self.routes: dict[tuple[str, str], dict[str, Route]] = {}
        self.keys: dict[tuple[str, str], dict[str, SealedKey]] = {}
        self.credentials: dict[str, Credential] = {}
        self.usernames: dict[str, str] = {}
        self.api_keys: dict[bytes, str] = {}
        self.networks = Networks()
        self.senders: dict[str, tuple[str, str]] = {}
        self.addresses: set[tuple[str, str]] = set()
        self.owners: dict[str, str] = {}
        self._names: dict[str, tuple[str, str]] = {}
        self._routed: dict[str, tuple[str, str]] = {}
        self._identities: dict[tuple[str, str], Identity] = {}

    def copy(self) -> View:
        """Return a view of its own that holds the same rows."""
        made = View()
        made.tenants, made.streams, made.domains = dict(self.tenants), dict(self.streams), dict(self.domains)
        made.topics = {stream: dict(topics) for stream, topics in self.topics.items()}
        made.routes = {domain: dict(routes) for domain, routes in self.routes.items()}
        made._routed = dict(self._routed)
        made.keys = {owner: dict(keys) for owner, keys in self.keys.items()}
        made.credentials, made.usernames = dict(self.credentials), dict(self.usernames)
        made.senders, made.addresses, made.owners = dict(self.senders), set(self.addresses), dict(self.owners)
        made.api_keys, made.networks, made._names = dict(self.api_keys), self.networks.copy(), dict(self._names)
        return made

    def identity(self, credential: str, via: str = "password") -> Identity | None:
        """Return who a credential (its id) is, None when it lets nobody in."""
        known = self._identities.get((credential, via))
        return known or self._join(credential, via)

    def signing(self, tenant: str, domain: str) -> list[SealedKey]:
        """Return the keys that sign for a domain of a tenant, RSA first."""
        return sorted(self.keys.get((tenant, domain), {}).values(), key=lambda key: key.kind != "rsa")

    def apply(self, changes: Changes) -> None:
        """Take over what was written and removed; what is removed first may be written again."""
        for kind, key in changes.gone:
            self._forget(kind, key)
        for tenant in changes.tenants:
            self.tenants[tenant.id] = tenant
        for stream in changes.streams:
            self.streams[stream.tenant, stream.name] = stream
        for topic in changes.topics:
            self.topics.setdefault((topic.tenant, topic.stream), {})[topic.name] = topic
        for domain in changes.domains:
            self.domains[domain.tenant, domain.name] = domain
            self._own(domain)
            self._names[domain.id] = (domain.tenant, domain.name)
        for route in changes.routes:
            self._routed[route.id] = (route.tenant, route.domain)
            self.routes.setdefault((route.tenant, route.domain), {})[route.id] = route
        for sealed in changes.keys:
            self._hold_key(sealed)
        for sender in changes.senders:
            self.addresses.discard(self.senders.get(sender.id, ("", "")))
            if sender.status == "verified":
                self.senders[sender.id] = (sender.tenant, sender.address)
                self.addresses.add((sender.tenant, sender.address))
        for credential in changes.credentials:
            self._drop(credential.id)
            if credential.revoked is None:
                self._admit(credential)
        self._identities.clear()

    def _forget(self, kind: str, key: tuple[str, ...]) -> None:
        if kind == "tenant":
            self.tenants.pop(key[0], None)
        elif kind == "stream":
            self.streams.pop((key[0], key[1]), None)
        elif kind == "topic":
            self.topics.get((key[0], key[1]), {}).pop(key[2], None)
        elif kind == "domain" and key[0] in self._names:
            owner, name = self._names.pop(key[0])
            self.domains.pop((owner, name), None)
            if self.owners.get(name) == owner:
                del self.owners[name]
        elif kind == "route" and key[0] in self._routed:
            self.routes[self._routed.pop(key[0])].pop(key[0])
        elif kind == "sender":
            self.addresses.discard(self.senders.pop(key[0], ("", "")))
        elif kind == "dkim_key":
            self.keys.get((key[0], key[1]), {}).pop(key[2], None)
        elif kind == "credential":
            self._drop(key[0])

    def incoming(self, domain: str) -> tuple[Route, ...]:
        """Return the routes of a domain whose owner is proved and active."""
        name = domain if domain in self.owners else domain.removeprefix(BELOW)
        owner = self.owners.get(name, "")
        routes = self.routes.get((owner, name))
        if not routes or not self._takes(owner, name):
            return ()
        return tuple(routes.values())

    def _takes(self, tenant: str, domain: str) -> bool:
        held, known = self.tenants.get(tenant), self.domains.get((tenant, domain))
        return held is not None and held.status == "active" and known is not None and known.status in _PROVED

    def _own(self, domain: Domain) -> None:
        if domain.status != "pending":
            self.owners[domain.name] = domain.tenant
        elif self.owners.get(domain.name) == domain.tenant:
            del self.owners[domain.name]

    def may_send(self, tenant: str, domain: str, address: str) -> bool:
        """Return whether a tenant has proved a domain, or this one address of a domain that nobody has proved."""
        known = self.domains.get((tenant, domain))
        if known is not None and known.status in _PROVED:
            return True
        return bool(self.addresses) and domain not in self.owners and (tenant, address.lower()) in self.addresses

    def _hold_key(self, key: SealedKey) -> None:
        held = self.keys.setdefault((key.tenant, key.domain), {})
        if key.stage == "active" and key.seen:
            held[key.selector] = key
        else:
            held.pop(key.selector, None)

    def _admit(self, credential: Credential) -> None:
        self.credentials[credential.id] = credential
        self.usernames[credential.username] = credential.id
        self.api_keys[credential.api_key_sha256] = credential.id
        for network in credential.networks:
            self.networks.add(network, credential.id)

    def _drop(self, credential: str) -> None:
        old = self.credentials.pop(credential, None)
        if old is None:
            return
        self.usernames.pop(old.username, None)
        self.api_keys.pop(old.api_key_sha256, None)
        for network in old.networks:
            self.networks.remove(network, credential)

    def _join(self, credential: str, via: str) -> Identity | None:
        found = self.credentials.get(credential)
        if found is None:
            return None
        tenant, stream = self.tenants.get(found.tenant), self.streams.get((found.tenant, found.stream))
        if tenant is None or stream is None:
            return None
        known = self._identities[credential, via] = _identity(found, tenant, stream, via)
        return known


def _identity(credential: Credential, tenant: Tenant, stream: Stream, via: str) -> Identity:
    return Identity(
        tenant=credential.tenant,
        credential=credential.id,
        username=credential.username,
        stream=stream.name,
        kind=stream.kind,
        egress=stream.egress,
        senders=credential.senders,
        via=via,
        show_id=tenant.show_id,
        report_to=stream.report_to,
        retention=stream.retention,
        allowance=_allowance(credential),
        expires=credential.expires,
        only_from=credential.only_from,
        headers=credential.headers,
    )


def _allowance(credential: Credential) -> Allowance | None:
    found = Allowance(
        message_recipients=credential.message_recipients,
        per_minute=credential.per_minute,
        per_hour=credential.per_hour,
        per_day=credential.per_day,
        recipients=credential.recipients,
    )
    return found if found != _UNLIMITED else None
