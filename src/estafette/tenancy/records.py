"""The DNS records that a domain publishes, and how what is found compares with them."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import msgspec

from estafette.model.domain import DnsRecord, Domain
from estafette.model.mailbox import SUBMISSION, SUBMISSIONS, mailbox_of, outgoing
from estafette.store.interface.records import SealedKey

#: Without these a domain is not verified; the others are advice.
REQUIRED = frozenset({"ownership"})
#: What mail works without: it is worth having, or is for what the domain does not use yet.
OPTIONAL = frozenset({"spf", "dmarc", "inbound", "mx", "tracking", "return_path", "client"})


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """Names of this service to which records point. dns_zone: where tenants' own targets are published, "" for none.

    public_port: where the public listener answers with TLS, 0 = nowhere. submissions, submission: as in ``Office``.
    """

    hostname: str
    return_path: str
    dns_zone: str = ""
    public_host: str = ""
    public_port: int = 0
    submissions: int = SUBMISSIONS
    submission: int = SUBMISSION


def wanted(
    domain: Domain, keys: Sequence[SealedKey], targets: Targets, *, routed: bool = False
) -> list[DnsRecord]:  # fmt: skip
    """Return the records of a domain, in the order in which to publish them.

    Every target is itself a record printed here, exported by ``zone``, or a name of the service, which ``doctor``
    prints. A key that is retired needs its record no more. routed: mail that comes to it has somewhere to go, so all
    of it may be led here.
    """
    name, needed = domain.name, [key for key in keys if key.stage != "retired"]
    aliased = bool(targets.dns_zone and domain.label)
    return [
        DnsRecord("TXT", f"_estafette.{name}", f"estafette-verification={domain.token}", "ownership"),
        *(aliases(domain, needed, targets.dns_zone) if aliased else signing(name, needed)),
        DnsRecord("TXT", name, f"v=spf1 {mechanism(targets)} ~all", "spf"),
        DnsRecord("TXT", f"_dmarc.{name}", f"v=DMARC1; p=none; rua=mailto:{reports_to(targets)}", "dmarc"),
        DnsRecord("MX", targets.return_path, f"10 {targets.hostname}.", "return_path"),
        DnsRecord("MX", f"in.{name}", f"10 {targets.hostname}.", "inbound"),
        *([DnsRecord("MX", name, f"10 {targets.hostname}.", "mx")] if routed else []),
        *([DnsRecord("CNAME", f"t.{name}", f"t.{domain.label}.{targets.dns_zone}.", "tracking")] if aliased else []),
        *clients(domain, targets),
    ]


def clients(domain: Domain, targets: Targets) -> list[DnsRecord]:
    """Return where mail programs find what they need, for a domain that says where its people read; else none.

    The services themselves (RFC 6186 section 3, RFC 8314 section 5.1), and the names at which programs ask over HTTP.
    """
    box, name = mailbox_of(domain), domain.name
    if box is None:
        return []
    doors = outgoing(targets.hostname, targets.submissions, targets.submission)
    served = [(("imaps" if box.incoming.socket == "tls" else "imap"), box.incoming)]
    served += [(("submissions" if door.socket == "tls" else "submission"), door) for door in doors]
    found = [DnsRecord("SRV", f"_{kind}._tcp.{name}", f"0 1 {at.port} {at.host}.", "client") for kind, at in served]
    if not _is_name(targets.public_host):
        return found
    found += [
        DnsRecord("CNAME", f"{asked}.{name}", f"{targets.public_host}.", "client")
        for asked in ("autoconfig", "autodiscover")
    ]
    if targets.public_port:
        place = f"0 1 {targets.public_port} {targets.public_host}."
        found.append(DnsRecord("SRV", f"_autodiscover._tcp.{name}", place, "client"))
    return found


def reports_to(targets: Targets) -> str:
    """Return the address to which receivers report, of every domain: what comes to it is read here.

    It is of another domain than the policy, so receivers ask first whether that domain agrees (RFC 9990 section 4):
    one record of the service answers for all, ``agreement``.
    """
    return f"dmarc@{targets.return_path}"


def agreement(return_path: str) -> DnsRecord:
    """Return the service's own record that lets reports of every domain be sent to ``reports_to``."""
    return DnsRecord("TXT", f"*._report._dmarc.{return_path}", "v=DMARC1", "dmarc")


def mechanism(targets: Targets) -> str:
    """Return what a policy must name so that our addresses pass."""
    return f"a:{targets.hostname}"


def signing(domain: str, keys: Sequence[SealedKey]) -> list[DnsRecord]:
    """Return the TXT records of DKIM keys (RFC 6376 section 3.6.2); one string each, however long."""
    return [DnsRecord("TXT", f"{key.selector}._domainkey.{domain}", key.record, "dkim") for key in keys]


def aliases(domain: Domain, keys: Sequence[SealedKey], zone: str) -> list[DnsRecord]:
    """Return the CNAME form of the same: the keys rest in our zone, and turn over there."""
    return [
        DnsRecord("CNAME", f"{key.selector}._domainkey.{domain.name}", f"{key.selector}.{domain.label}.{zone}.", "dkim")
        for key in keys
    ]


def own(domain: Domain, keys: Sequence[SealedKey], targets: Targets) -> list[DnsRecord]:
    """Return what our own zone holds for a domain: the targets of its aliases."""
    held = f"{domain.label}.{targets.dns_zone}"
    found = [DnsRecord("TXT", f"{key.selector}.{held}", key.record, "dkim") for key in keys if key.stage != "retired"]
    return [*found, DnsRecord("CNAME", f"t.{held}", f"{targets.public_host}.", "tracking")]


def matches(record: DnsRecord, found: Sequence[str]) -> bool:
    """True when what was found serves the purpose of a record; SPF and DMARC policies are the owner's own."""
    if record.type == "CNAME":
        return any(_host(value) == _host(record.value) for value in found)
    if record.purpose == "dkim":
        return any(_tag(value, "p") == _tag(record.value, "p") for value in found)
    if record.purpose == "spf":
        wanted_term = record.value.split()[1]
        return any(value.lower().startswith("v=spf1 ") and wanted_term in value for value in found)
    if record.purpose == "dmarc":
        return any(value.lower().startswith("v=dmarc1") for value in found)
    if record.type == "SRV":
        # Priority and weight are the owner's own.
        return any(_place(value) == _place(record.value) for value in found)
    if record.type == "MX":
        return any(_host(value.partition(" ")[2]) == _host(record.value.partition(" ")[2]) for value in found)
    return record.value in found


def _is_name(host: str) -> bool:
    """Return whether records may point to a host: not while ``service.public_url`` is still an address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host
    return False


def _place(value: str) -> tuple[str, ...]:
    """Return port and host of an SRV record (RFC 2782)."""
    return tuple(_host(part) for part in value.split()[2:])


def _host(name: str) -> str:
    return name.strip().rstrip(".").lower()


def _tag(value: str, name: str) -> str:
    for part in value.split(";"):
        key, _, content = part.partition("=")
        if key.strip() == name:
            return "".join(content.split())
    return ""
