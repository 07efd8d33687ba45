"""A sending domain and the keys that sign for it."""

from __future__ import annotations

from typing import Literal

import msgspec

DomainStatus = Literal["pending", "verified", "warning", "suspended"]
KeyStage = Literal["next", "active", "retiring", "retired"]
KeyKind = Literal["rsa", "ed25519"]


class DnsRecord(msgspec.Struct, frozen=True):
    """One record to publish; ``purpose`` is dkim, ownership, return_path, spf, dmarc, mx, tracking or client."""

    type: str
    name: str
    value: str
    purpose: str


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    """A domain of one tenant; name in lower-case A-labels. One verified owner at a time.

    issued: when its token was made. checked: when its records were last looked at. zone: the DNS zone that holds it,
    "" until it was looked for. label: its own name under the service's zone, "" without one. warned: since when its
    records are gone. reason: why it is not as it should be. tracked: when the record that lets its own name stand in
    measured links was last found, 0 = it was not there at the last look. incoming_*: where its
    people read their mail (``model.mailbox``), host "" = it does not say. version: grows with every change.
    """

    id: str
    tenant: str
    name: str
    status: DomainStatus = "pending"
    token: str = ""
    created: float = 0.0
    checked: float = 0.0
    issued: float = 0.0
    zone: str = ""
    label: str = ""
    warned: float | None = None
    reason: str = ""
    tracked: float = 0.0
    incoming_host: str = ""
    incoming_port: int = 0
    incoming_socket: Literal["tls", "starttls"] = "tls"
    incoming_sign_in: Literal["password", "encrypted", "oauth2"] = "password"
    incoming_login: str = ""
    version: int = 0


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """A DKIM key, chosen by tenant *and* domain; ``private`` is PKCS#8 DER, opened from its sealed form."""

    tenant: str
    domain: str
    selector: str
    kind: KeyKind
    stage: KeyStage
    private: bytes
