"""Every setting, typed, one class per section; the docstring of a field is its documentation.

Names are fixed by the outside contract. Sizes come as octets, times as seconds, listeners as (host, port).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from estafette.config.kinds import Bandwidth, Duration, Listener, Share, Size

#: Foreign services whose API is answered.
DialectName = Literal["mailjet", "brevo", "turbosmtp", "postmark"]


class Section(BaseModel):
    """A section refuses keys that it does not know and cannot be changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Store(Section):
    """Where mail and control data rest."""

    url: str = "sqlite:///var/lib/estafette"
    """``sqlite:///`` and an absolute folder (leading slash implied), or a ``postgresql://`` address."""


class Listen(Section):
    """Where Estafette listens; an empty list closes that door."""

    submission: list[Listener] = [("0.0.0.0", 587), ("::", 587)]
    """SMTP submission with STARTTLS."""
    submissions: list[Listener] = [("0.0.0.0", 465), ("::", 465)]
    """SMTP submission with implicit TLS."""
    mx: list[Listener] = [("0.0.0.0", 25), ("::", 25)]
    """Bounces, complaints, inbound mail."""
    http: list[Listener] = [("127.0.0.1", 8025)]
    """API and dashboard."""
    public: list[Listener] = [("127.0.0.1", 8026)]
    """Opens, clicks, unsubscribe, previews."""
    metrics: list[Listener] = [("127.0.0.1", 9465)]
    """Prometheus metrics."""
    trusted_proxies: list[str] = []
    """Networks whose X-Forwarded-For and PROXY protocol headers are believed."""
    allow_plaintext_auth: bool = False
    """Offer AUTH without TLS; for development and closed networks only."""

    def port(self, name: Literal["submissions", "submission"]) -> int:
        """Return the first port of a door, 0 when it is closed."""
        listeners: list[Listener] = getattr(self, name)
        return listeners[0][1] if listeners else 0


class Tls(Section):
    """Certificates; reloaded when the files change."""

    certificate: str = ""
    """PEM file with the full chain."""
    key: str = ""
    """PEM file with the private key."""
    hosts: str = ""
    """A folder of ``<host>.pem`` (chain and key in one file) for SNI."""


class Service(Section):
    """Names of this service."""

    hostname: str = "localhost"
    """Name in the banner, EHLO and Received."""
    return_path: str = "bounces.localhost"
    """Domain of return-path addresses."""
    public_url: str = "http://127.0.0.1:8026"
    """Address of the ``public`` listener as recipients see it; mailed links (invitations, passwords) lead there."""
    api_url: str = ""
    """`https://HOST` under which programs reach the API, for addresses in webhooks; empty = these begin at `/v1`."""
    dns_zone: str = ""
    """Zone under which tenants' own targets are published, see `estafette domain zone`; empty = TXT form only."""
    language: Literal["", "en", "fr"] = ""
    """Of letters and notices to tenants who have not chosen theirs; empty = English and French, one after the other."""


class Secrets(Section):
    """Where the keyring is."""

    keyring_file: str = "/etc/estafette/keyring"
    """File made by ``init``, mode 0600, outside the data folder."""


class Dns(Section):
    """Resolvers."""

    servers: list[Listener] = []
    """Resolver addresses; empty = those of the system."""
    trusted: bool = False
    """The path to the resolver is trusted, so its AD flag is believed. This release does not use it yet."""


class Delivery(Section):
    """How mail leaves."""

    port: int = Field(default=25, ge=1, le=65535)
    """Port of the recipients' mail servers."""
    allow_networks: list[str] = []
    """Special-use ranges that an MX may resolve to; none by default."""
    ca_file: str = ""
    """PEM file of additional roots; empty = the system's."""
    expire: Duration = 432000.0
    """How long a delivery is retried."""
    retry: list[Duration] = [120.0, 300.0, 600.0, 1200.0, 2400.0, 3600.0, 7200.0, 10800.0]
    """Waits before each retry, +-20 %; the last repeats."""
    transport: str = Field(default="mx", pattern="^(mx|capture)$")
    """``mx`` delivers; ``capture`` keeps mail in the store and shows it in the UI."""


class Source(Section):
    """One source address of an egress group."""

    address: str
    """Local address to connect from."""
    helo: str = ""
    """EHLO name; empty = service.hostname."""
    node: str = ""
    """Node that owns the address; empty = any. This release does not use it yet."""


class Egress(Section):
    """One egress group."""

    smarthost: str = ""
    """``smtp://user@host:port`` (STARTTLS when offered) or ``smtps://``; empty = deliver to the MX."""
    smarthost_password: str = ""
    """Password of the smarthost user."""
    bandwidth: Bandwidth = 0
    """Cap of the uplink, such as ``20Mbit/s``; 0 = none. Shapes bulk only."""
    bulk_share: float = Field(default=0.7, gt=0, le=1)
    """Share of ``bandwidth`` that bulk may use."""
    source: list[Source] = []
    """Source addresses; none = the system's choice."""


class Oidc(Section):
    """A provider with which people log in (OpenID Connect); its name is the section's."""

    issuer: str = Field(pattern=r"^https://|^http://(127\.0\.0\.1|localhost)(:|/|$)")
    """Address of the provider, exactly as its discovery document names it."""
    client_id: str
    """Name of this service at the provider."""
    client_secret: str = ""
    """Secret of this service at the provider; ``client_secret_file`` reads it from a file."""
    redirect_uri: str = ""
    """Where the provider sends people back to, ``https://HOST/login/with/NAME/back``; empty = the host asked for."""


class Outgoing(Section):
    """HTTP that leaves: files that letters name by their address, and webhooks."""

    allow_networks: list[str] = []
    """Special-use ranges that an address may lead to; none by default."""


class Webhooks(Section):
    """Calls to tenants' own addresses."""

    timeout: Duration = Field(default=20.0, ge=1, le=60)
    """How long an answer may take."""
    retry: list[Duration] = Field(
        default=[5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0], min_length=1, max_length=30
    )
    """Waits before each further attempt, +-20 %; after the last the call is given up."""
    disable_after: Duration = 432000.0
    """How long an address may fail every call before it is called no more, and its tenant is told."""
    keep: Duration = 604800.0
    """How long ended calls stay in the log."""
    allow_http: bool = False
    """Also addresses without TLS; for closed networks only."""
    ca_file: str = ""
    """PEM file of additional roots; empty = the system's."""


class Inbound(Section):
    """Mail that comes in by the routes of tenants' domains."""

    rspamd: str = Field(default="", pattern=r"^$|^https?://")
    """Address of rspamd's worker, such as ``http://127.0.0.1:11333``; empty = nothing is screened."""
    retention: Duration = 604800.0
    """How long messages that routes keep are kept."""


class Reputation(Section):
    """What the world thinks of our own addresses."""

    blocklists: str = ""
    """File of the lists that are asked about our source addresses; empty = the shipped ones; without entries = none."""


class Limits(Section):
    """What is refused."""

    message_size: Size = 35_000_000
    """Largest message."""
    recipients: int = Field(default=1000, ge=1)
    """Recipients of one message."""
    queue_bytes_per_tenant: Size = 5_000_000_000
    """Queued octets of one tenant."""
    free_disk: Share = 0.1
    """Free space (share, or size) below which mail is refused with 452."""
    api_rate: int = Field(default=600, ge=1)
    """Calls a minute of one key to the API, mail apart."""


class Retention(Section):
    """How long things are kept after the last delivery of a message ended."""

    content_personal: Duration = 0.0
    """Content of personal mail."""
    content_transactional: Duration = 604800.0
    """Content of transactional mail."""
    content_bulk: Duration = 604800.0
    """Content of bulk mail."""
    events: Duration = 3888000.0
    """Events."""
    hits: Duration = 259200.0
    """Raw hits of opens and clicks of individual measuring."""


class Tracking(Section):
    """What is measured of opens and clicks, and how."""

    final_after: Duration = 600.0
    """How long a hit waits for others before its class is final, and its event is written."""
    networks_file: str = ""
    """A file in the form of ``tracking/networks.toml`` whose networks of scanners count too; empty = none."""
    country_file: str = ""
    """A MaxMind ``.mmdb`` file that tells countries by address; empty = countries are not told."""
    hosts: bool = False
    """Whether links lead to ``https://t.DOMAIN`` once that record was found: your front needs certificates for them."""


class Runtime(Section):
    """Processes per role; 0 = chosen from the cores."""

    intake: int = Field(default=1, ge=0, le=64)
    """SMTP intake processes."""
    courier: int = Field(default=1, ge=0, le=64)
    """Delivery processes."""
    web: int = Field(default=1, ge=0, le=64)
    """API and dashboard processes."""
    public: int = Field(default=1, ge=0, le=64)
    """Processes of the public listener."""


class Settings(Section):
    """All sections."""

    store: Store = Store()
    listen: Listen = Listen()
    tls: Tls = Tls()
    service: Service = Service()
    secrets: Secrets = Secrets()
    dns: Dns = Dns()
    delivery: Delivery = Delivery()
    egress: dict[str, Egress] = {}
    oidc: dict[str, Oidc] = {}
    outgoing: Outgoing = Outgoing()
    inbound: Inbound = Inbound()
    reputation: Reputation = Reputation()
    limits: Limits = Limits()
    retention: Retention = Retention()
    tracking: Tracking = Tracking()
    webhooks: Webhooks = Webhooks()
    runtime: Runtime = Runtime()
    dialects: dict[DialectName, list[str]] = {}
    """Host names on which the API of another service (mailjet, brevo, turbosmtp, postmark) needs no prefix."""
    send: dict[str, str] = {}
    """Local user name or uid -> credential username, for ``estafette send``."""

    @property
    def source_addresses(self) -> frozenset[str]:
        """Every address that is named to send from."""
        return frozenset(source.address for group in self.egress.values() for source in group.source)
