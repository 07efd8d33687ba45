"""Routes: where mail that comes to a proved domain goes, by the part of the address before the ``@``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast
from urllib.parse import urlsplit, urlunsplit

import msgspec

from estafette.base.errors import Fault
from estafette.model.address import LOCAL_LIMIT, Address, AddressError, parse_path
from estafette.model.domain import Domain
from estafette.model.route import BELOW, MOST_STARS, WAYS, Route, Way, choose
from estafette.store.interface.page import FIRST, Page
from estafette.store.interface.records import AlreadyThere, AuditEntry
from estafette.tenancy import domains
from estafette.tenancy.forward_targets import ForwardTargets
from estafette.tenancy.office import NotFound, Office, Resource, listing, moment, new_id, resource

#: Routes of one domain.
MOST = 100
#: Characters of the words of a refusal, which stand in one line of SMTP.
WORDS = 200
#: What a sender is told by a route that refuses and gives no reason.
NO_MAIL = "this address takes no mail"
_PROVED = frozenset({"verified", "warning"})


class Hook(msgspec.Struct, frozen=True):
    """An address that may be called, and what its calls are signed with, at rest. secret: a fresh one, else ""."""

    url: str
    sealed: bytes
    secret: str


class Hooks(Protocol):
    """What calls need, which is the business of another room."""

    def hook(self, route: Route, url: str, *, fresh: bool) -> Hook:
        """Return how an address is called for a route, which keeps the secret that it has unless ``fresh``. Fault."""
        ...


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants of a route; None leaves it as it is. fresh: another secret for the calls of a webhook."""

    pattern: str | None = None
    way: str | None = None
    target: str | None = None
    fresh: bool = False


class Ways(msgspec.Struct, frozen=True):
    """Where mail may go."""

    forward: ForwardTargets
    hooks: Hooks


def create(office: Office, ways: Ways, tenant: str, domain: str, wish: Wish) -> Resource:
    """Add a route to a domain that the tenant has proved. NotFound, AlreadyThere, Fault.

    The secret of a webhook's calls is in the answer and nowhere else.
    """
    held = domains.find(office, domain, office.tenant(tenant).id)
    if held.status not in _PROVED:
        fix = "publish its ownership record, and verify it"
        raise Fault(f"{held.name} is not proved: it is {held.status}", place="domain", fix=fix)
    if len(office.control.routes.of(held.tenant, held.name)) >= MOST:
        raise Fault(f"a domain has at most {MOST} routes", place="domain", fix="remove one, or use a pattern")
    blank = Route(
        id=new_id(), tenant=held.tenant, domain=held.name, pattern="", way="reject", created=office.now()
    )  # fmt: skip
    made, secret = _wished(ways, blank, wish)
    entry = _entry(office, "route.create", None, made)
    try:
        office.control.routes.add_route(made, entry)
    except AlreadyThere:
        raise _taken(made) from None
    return _answer(office, made, secret)


def list_all(office: Office, tenant: str, page: Page = FIRST, *, domain: str = "") -> Resource:
    """Return a page of a tenant's routes, or of one of its domains, oldest first. NotFound."""
    owner = office.tenant(tenant).id
    name = domains.find(office, domain, owner).name if domain else ""
    found = office.control.routes.page(page, tenant=owner, domain=name)
    return listing([_told(each) for each in found.items], found.next)


def show(office: Office, tenant: str, route: str) -> Resource:
    """Return one route; NotFound."""
    return _told(find(office, tenant, route))


def update(office: Office, ways: Ways, tenant: str, route: str, wish: Wish) -> Resource:
    """Change what is given; another way needs its target. A fresh secret is in the answer. NotFound, Stale, Fault."""
    before = find(office, tenant, route)
    office.seen(before.version)
    after, secret = _wished(ways, before, wish)
    entry = _entry(office, "route.update", before, after)
    try:
        office.control.routes.put_route(after, entry)
    except AlreadyThere:
        raise _taken(after) from None
    return _answer(office, after, secret)


def remove(office: Office, tenant: str, route: str) -> Resource:
    """Remove a route: mail to its addresses is refused unless another route takes it. NotFound, Stale."""
    before = find(office, tenant, route)
    office.seen(before.version)
    entry = _entry(office, "route.remove", before, None)
    office.control.routes.remove_route(before, entry)
    return {"id": before.id, "tenant": before.tenant, "removed": True}


def try_out(office: Office, address: str, tenant: str = "") -> Resource:
    """Return which route takes an address, and what its sender is told; nothing is sent. NotFound, Fault.

    tenant: whose domain it must be, "" = whoever has proved it.
    """
    wanted = _read(address)
    domain = _holder(office, wanted.domain, office.tenant(tenant).id if tenant else "")
    live = domain.status in _PROVED and office.tenant(domain.tenant).status == "active"
    routes = office.control.routes.of(domain.tenant, domain.name) if live else ()
    found = choose(routes, wanted.local)
    return {
        "address": wanted.text, "domain": domain.name, "tenant": domain.tenant, "status": domain.status,
        "route": _told(found) if found else None, "answer": _said(routes, found),
    }  # fmt: skip


def without_query(route: Route) -> Route:
    """Return a route whose target lacks what receivers like to hide in it."""
    if route.way != "webhook":
        return route
    return msgspec.structs.replace(route, target=urlunsplit(urlsplit(route.target)._replace(query="")))


def find(office: Office, tenant: str, route: str) -> Route:
    """Return a route of a tenant; NotFound."""
    found = office.control.routes.find(office.tenant(tenant).id, route)
    if found is None:
        raise NotFound(f"there is no route {route[:64]!r}", place="route", fix="see `estafette route list`")
    return found


def _wished(ways: Ways, route: Route, wish: Wish) -> tuple[Route, str]:
    """Return a route as it is wanted, and the secret of its calls when that is a fresh one."""
    if wish.pattern is not None or not route.pattern:
        route = msgspec.structs.replace(route, pattern=_pattern(wish.pattern or "", route.domain))
    way, target = _way(wish.way or route.way), wish.target
    if target is None:
        target = route.target if way == route.way else ""
    if way != "webhook" and wish.fresh:
        raise Fault("only calls are signed", place="way", fix="a fresh secret is for webhook alone")
    if way == "webhook":
        hook = ways.hooks.hook(route, target, fresh=wish.fresh)
        return msgspec.structs.replace(route, way=way, target=hook.url, sealed=hook.sealed), hook.secret
    return msgspec.structs.replace(route, way=way, target=_aim(ways, way, target), sealed=b""), ""


def _aim(ways: Ways, way: Way, target: str) -> str:
    if way == "forward":
        return ways.forward.checked(target)
    if way == "reject":
        return _words(target or NO_MAIL)
    if target:
        raise Fault("what is kept goes nowhere", place="target", fix="leave it out, or choose another way")
    return ""


def _words(text: str) -> str:
    if len(text) > WORDS or not text.isascii() or not text.isprintable():
        fix = "say in a few words why the address takes no mail"
        raise Fault(f"the words of a refusal are at most {WORDS} characters of ASCII", place="target", fix=fix)
    return text.strip()


def _way(name: str) -> Way:
    if name not in WAYS:
        raise Fault(f"{name[:40]!r} is no way for mail to go", place="way", fix=f"one of {', '.join(sorted(WAYS))}")
    return cast("Way", name)


def _pattern(text: str, domain: str) -> str:
    pattern = text.removesuffix(f"@{domain}").lower()
    fix = "such as info, sales.*, or * for every address"
    if pattern.count("*") > MOST_STARS or "**" in pattern:
        raise Fault(f"a pattern has at most {MOST_STARS} stars, apart from one another", place="pattern", fix=fix)
    try:
        # A star may stand in an address, so a pattern is what could be one.
        parse_path(f"{pattern}@{domain}", smtputf8=True)
    except AddressError as error:
        raise Fault(f"{text[:LOCAL_LIMIT]!r} is no pattern: {error}", place="pattern", fix=fix) from None
    if '"' in pattern:
        raise Fault("a pattern has no quotes", place="pattern", fix=fix)
    return pattern


def _read(address: str) -> Address:
    try:
        return parse_path(address, smtputf8=True)
    except AddressError as error:
        raise Fault(f"{address[:100]!r} is no address: {error}", place="ADDRESS", fix="correct it") from None


def _holder(office: Office, name: str, tenant: str) -> Domain:
    """Return the domain whose routes an address follows: of a tenant when given, else of whoever has proved it."""
    for each in dict.fromkeys((name, name.removeprefix(BELOW))):
        found = office.control.domains(tenant=tenant or None, name=each)
        proved = [domain for domain in found if domain.status != "pending"]
        if proved or (found and each == name):
            return (proved or list(found))[0]
    raise NotFound(f"there is no domain {name!r}", place="ADDRESS", fix="see `estafette domain list`")


def _said(routes: Sequence[Route], route: Route | None) -> str:
    """Return what a sender hears at RCPT (RFC 5321 section 4.1.1.3)."""
    if route is None:
        return "550 5.1.1 no such address here" if routes else "550 5.7.1 relaying denied"
    if route.way == "reject":
        return f"550 5.7.1 {route.target}"
    return f"what {route.target} answers" if route.way == "forward" else "250"


def _entry(office: Office, act: str, before: Route | None, after: Route | None) -> AuditEntry:
    either = after or before
    assert either is not None
    shown = [each and without_query(each) for each in (before, after)]
    return office.entry(act, tenant=either.tenant, subject=either.id, before=shown[0], after=shown[1])


def _taken(route: Route) -> AlreadyThere:
    return AlreadyThere(f"{route.domain} has a route of {route.pattern} already")


def _answer(office: Office, route: Route, secret: str) -> Resource:
    shown = show(office, route.tenant, route.id)
    return shown | {"secret": secret or None}


def _told(route: Route) -> Resource:
    return resource(
        {
            "id": route.id,
            "tenant": route.tenant,
            "domain": route.domain,
            "pattern": route.pattern,
            "way": route.way,
            "target": route.target,
            "created": moment(route.created),
            "version": route.version,
        }
    )
