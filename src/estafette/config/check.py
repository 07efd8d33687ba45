"""What is wrong with settings that are well-formed: each finding with key, cause and fix."""

from __future__ import annotations

import ipaddress
import pwd
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from estafette.base.errors import ConfigFault
from estafette.config.load import Misconfigured
from estafette.config.schema import Settings


def findings(settings: Settings) -> list[ConfigFault]:
    """Return everything that would not work, in the order of the sections."""
    parts = (_store, _listen, tls, _service, _networks, _egress, _send)
    return [fault for part in parts for fault in part(settings)]


def refuse_to_serve(settings: Settings) -> None:
    """Raise Misconfigured when the service must not start with these settings."""
    faults = findings(settings)
    if faults:
        raise Misconfigured(faults)


def tls(settings: Settings) -> Iterator[ConfigFault]:
    """Submission needs certificate and key, unless AUTH in clear text is allowed on purpose."""
    named = [("tls.certificate", settings.tls.certificate), ("tls.key", settings.tls.key)]
    doors = bool(settings.listen.submission or settings.listen.submissions)
    for key, file in named:
        if file and not Path(file).is_file():
            yield ConfigFault(f"there is no file {file}", place=key, fix="name an existing PEM file")
        needed = settings.listen.submissions or not settings.listen.allow_plaintext_auth
        if not file and doors and needed:
            yield ConfigFault(
                "submission needs TLS",
                place=key,
                fix="name a PEM file, or set listen.allow_plaintext_auth = true",
            )
    if settings.tls.hosts and not Path(settings.tls.hosts).is_dir():
        yield ConfigFault(f"there is no folder {settings.tls.hosts}", place="tls.hosts", fix="create it")


def _store(settings: Settings) -> Iterator[ConfigFault]:
    url = settings.store.url
    if not url.startswith("sqlite:///"):
        cause = "this release keeps mail in sqlite only; PostgreSQL can hold the control data alone"
        yield ConfigFault(cause, place="store.url", fix="sqlite:///absolute/folder")


def _listen(settings: Settings) -> Iterator[ConfigFault]:
    doors = ("submission", "submissions", "mx", "http", "public", "metrics")
    seen: dict[tuple[str, int], str] = {}
    for name in doors:
        for host, port in getattr(settings.listen, name):
            try:
                ipaddress.ip_address(host)
            except ValueError:
                yield ConfigFault(f"{host!r} is no address", place=f"listen.{name}", fix="such as 0.0.0.0:587")
            first = seen.setdefault((host, port), name)
            if first != name:
                cause = f"{host}:{port} is also in listen.{first}"
                yield ConfigFault(cause, place=f"listen.{name}", fix="give each door a port of its own")


def _service(settings: Settings) -> Iterator[ConfigFault]:
    for name in ("hostname", "return_path"):
        value = getattr(settings.service, name)
        if not value or any(character.isspace() or character in "@/:" for character in value):
            yield ConfigFault(f"{value!r} is no host name", place=f"service.{name}", fix="such as mx1.example.net")
    if urlsplit(settings.service.public_url).scheme not in ("http", "https"):
        yield ConfigFault(
            f"{settings.service.public_url!r} is no web address",
            place="service.public_url",
            fix="https://...",
        )


def _networks(settings: Settings) -> Iterator[ConfigFault]:
    lists = (
        ("listen.trusted_proxies", settings.listen.trusted_proxies),
        ("delivery.allow_networks", settings.delivery.allow_networks),
        ("outgoing.allow_networks", settings.outgoing.allow_networks),
    )
    for key, values in lists:
        for value in values:
            try:
                ipaddress.ip_network(value)
            except ValueError as error:
                yield ConfigFault(f"{error}", place=key, fix="write a network such as 10.0.0.0/8")
    if settings.reputation.blocklists and not Path(settings.reputation.blocklists).is_file():
        yield ConfigFault(
            "the file does not exist", place="reputation.blocklists", fix="name a file, or leave it empty"
        )
    if not settings.delivery.retry:
        yield ConfigFault("no wait is named", place="delivery.retry", fix='such as ["2m", "10m", "1h"]')
    for key, file in (("delivery.ca_file", settings.delivery.ca_file), ("webhooks.ca_file", settings.webhooks.ca_file)):
        if file and not Path(file).is_file():
            yield ConfigFault("the file does not exist", place=key, fix="name a PEM file, or leave it empty")


def _egress(settings: Settings) -> Iterator[ConfigFault]:
    for name, egress in settings.egress.items():
        where = f"egress.{name}"
        parts = urlsplit(egress.smarthost)
        if egress.smarthost and (parts.scheme not in ("smtp", "smtps") or not parts.hostname):
            yield ConfigFault(
                "this is no smarthost",
                place=f"{where}.smarthost",
                fix="write smtp://user@host:port or smtps://...",
            )
        if parts.username and not egress.smarthost_password:
            yield ConfigFault(
                "the smarthost has a user and no password",
                place=f"{where}.smarthost_password",
                fix="set it, or name a file that holds it in smarthost_password_file",
            )
        for source in egress.source:
            try:
                ipaddress.ip_address(source.address)
            except ValueError as error:
                yield ConfigFault(str(error), place=f"{where}.source.address", fix="write an IP address of this host")


def _send(settings: Settings) -> Iterator[ConfigFault]:
    for user, credential in settings.send.items():
        if not user.isdigit():
            try:
                pwd.getpwnam(user)
            except KeyError:
                yield ConfigFault(f"there is no user {user!r}", place=f"send.{user}", fix="name a local user or uid")
        if not credential:
            yield ConfigFault("no credential is named", place=f"send.{user}", fix="name a credential's username")
