"""What DNS says of us: the resolvers answer, our name and address agree, returned mail finds us."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from estafette.cli.checks.finding import Finding
from estafette.config.schema import Settings
from estafette.net.resolver import Resolver
from estafette.tenancy.records import agreement

PATIENCE = 5.0


async def check_resolvers(settings: Settings) -> list[Finding]:
    """Each resolver of the settings answers; without settings, the system's."""
    servers: list[list[tuple[str, int]]] = [[server] for server in settings.dns.servers] or [[]]
    return [await _resolver(server) for server in servers]


async def _resolver(server: list[tuple[str, int]]) -> Finding:
    label = f"{server[0][0]} port {server[0][1]}" if server else "the system's resolver"
    # The root's own records are what every resolver can tell, with or without the internet behind it.
    answer = await Resolver(server, lifetime=PATIENCE).mx(".")
    if answer.kind == "temporary":
        fix = "correct dns.servers, or start the resolver: without it nothing is delivered"
        return Finding("dns", "wrong", f"{label} does not answer ({answer.detail})", fix)
    return Finding("dns", "good", f"{label} answers")


async def check_names(settings: Settings) -> list[Finding]:
    """service.hostname has an address, and the addresses that we send from name us back (RFC 1912 section 2.1)."""
    resolver = Resolver(list(settings.dns.servers), lifetime=PATIENCE)
    name = settings.service.hostname
    found = await resolver.addresses(name, v6=True)
    if found.kind != "found":
        why = found.detail or "it has no address"
        return [Finding("hostname", "warning", f"{name}: {why}", "publish A (and AAAA) records of service.hostname")]
    sources = {s.address: s.helo or name for egress in settings.egress.values() for s in egress.source}
    findings = [Finding("hostname", "good", f"{name} is {', '.join(found.addresses)}")]
    for address, helo in (sources or dict.fromkeys(found.addresses, name)).items():
        findings += _ptr(address, helo, (await resolver.names(address)).texts)
    return findings


def _ptr(address: str, name: str, names: Sequence[str]) -> Iterator[Finding]:
    back = [each.rstrip(".").lower() for each in names]
    if name.lower() in back:
        yield Finding("ptr", "good", f"{address} is {name}")
        return
    said = f"is {back[0]}, not {name}" if back else "has no name"
    yield Finding("ptr", "warning", f"{address} {said}", f"ask whoever rents you {address} for the PTR record {name}")


async def check_return_path(settings: Settings) -> list[Finding]:
    """Returned mail comes back to this service: the MX of service.return_path is service.hostname."""
    domain, host = settings.service.return_path, settings.service.hostname
    answer = await Resolver(list(settings.dns.servers), lifetime=PATIENCE).mx(domain)
    hosts = [name for _, name in answer.hosts] if answer.kind == "mx" else []
    if host.lower() in hosts:
        return [Finding("return_path", "good", f"mail to {domain} comes to {host}")]
    said = f"goes to {', '.join(hosts)}" if hosts else answer.detail or "goes nowhere"
    fix = f"publish: {domain}. MX 10 {host}. - without it bounces are lost"
    return [Finding("return_path", "warning", f"mail to {domain} {said}", fix)]


async def check_reports(settings: Settings) -> list[Finding]:
    """Receivers may send reports about every domain to this service (RFC 9990 section 4)."""
    record = agreement(settings.service.return_path)
    asked = record.name.replace("*", "estafette-check.example", 1)
    answer = await Resolver(list(settings.dns.servers), lifetime=PATIENCE).txt(asked)
    if any(text.lower().startswith("v=dmarc1") for text in answer.texts):
        return [Finding("reports", "good", f"receivers may report to dmarc@{settings.service.return_path}")]
    cause = f"no receiver will report to dmarc@{settings.service.return_path}: {asked} does not say that it may"
    return [Finding("reports", "warning", cause, f'publish: {record.name}. TXT "{record.value}"')]
