"""``estafette domain``: sending domains, and the DNS records that prove them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from estafette.base.errors import Fault
from estafette.cli import output
from estafette.cli.call import Usage, call
from estafette.cli.opening import office, run
from estafette.store.interface.page import Page
from estafette.tenancy import domains, mailboxes, proof, rotation
from estafette.tenancy.mailboxes import Wish
from estafette.tenancy.office import Resource

if TYPE_CHECKING:
    from estafette.tenancy.published import Published

app = App(name="domain", help="Sending domains and the DNS records that prove them.")


@app.command
def add(
    domain: str,
    /,
    *,
    tenant: str,
    ed25519: Annotated[bool, Parameter(negative="", help="Sign with Ed25519 too.")] = False,
) -> None:
    """Add a domain with fresh keys; prints the DNS records to publish."""
    with office() as room:
        _show(domains.add(room, tenant, domain, ed25519=ed25519))


@app.command(name="list")
def list_(*, tenant: str = "", status: str = "", limit: int = 1000, after: str = "") -> None:
    """List domains of a tenant, or all."""
    with office() as room:
        found = domains.list_all(room, tenant, page=Page(limit=limit, after=after), status=status)
        output.page(found, ("domain", "status", "tenant", "created", "reason"))


@app.command
def show(domain: str, /, *, tenant: str = "") -> None:
    """Show a domain and its records."""
    with office() as room:
        _show(domains.show(room, domain, tenant=tenant))


@app.command
def records(
    domain: str,
    /,
    *,
    tenant: str = "",
    host: Annotated[str, Parameter(help="Where its DNS is, such as ovh or cloudflare.")] = "bind",
) -> None:
    """Print the records as the form of a DNS host wants them, and as lines of a zone file."""
    with office() as room:
        answer = domains.spelled(room, domain, host, tenant=tenant)
    if call.json:
        output.document(answer)
        return
    lines = answer["records"]
    assert isinstance(lines, list)
    output.resource({name: answer[name] for name in ("domain", "label", "zone", "note")})
    output.records(lines)
    print(f"\n{answer['zone_file']}", end="")


@app.command
def check(domain: str, /, *, tenant: str = "") -> int:
    """Compare what its name servers have with what they should, per record; exit 1 when a needed one is missing."""
    with office() as room:
        answer = run(proof.check(room, domain, _names(), tenant=tenant))
    _show(answer)
    lines = answer["records"]
    assert isinstance(lines, list)
    return 0 if all(line["ok"] for line in lines if line["need"] != "optional") else 1


@app.command
def verify(
    domain: str,
    /,
    *,
    tenant: str = "",
    force: Annotated[bool, Parameter(negative="", help="Believe without DNS; audited.")] = False,
) -> None:
    """Look for the ownership record and make the domain verified, also when another tenant had it before."""
    with office() as room:
        if force:
            answer = proof.verify(room, domain, tenant=tenant)
        else:
            checked = run(proof.check(room, domain, _names(), tenant=tenant))
            answer = proof.conclude(room, checked, tenant=tenant)
        _show(answer)


@app.command
def renew(domain: str, /, *, tenant: str = "") -> None:
    """Make a fresh ownership token, which replaces the one before."""
    with office() as room:
        _show(proof.renew(room, domain, tenant=tenant))


@app.command
def rotate(domain: str, /, *, tenant: str = "") -> None:
    """Let the next DKIM keys sign from now on, once their records were seen; the old ones retire in 8 days."""
    with office() as room:
        _show(rotation.rotate(room, domain, tenant=tenant))


@app.command
def remove(domain: str, /, *, tenant: str = "") -> None:
    """Remove a domain with its keys."""
    with office() as room:
        output.resource(domains.remove(room, domain, tenant=tenant))


@app.command
def incoming(
    domain: str,
    /,
    *,
    tenant: str = "",
    host: Annotated[str, Parameter(help="Where its people read their mail (IMAP).")] = "",
    port: Annotated[int | None, Parameter(help="993 with tls, 143 with starttls.")] = None,
    socket: Literal["tls", "starttls"] = "tls",
    sign_in: Literal["password", "encrypted", "oauth2"] = "password",
    login: Annotated[
        str, Parameter(help="address, local, or a text with %EMAILADDRESS% or %EMAILLOCALPART%.")
    ] = "address",
    none: Annotated[bool, Parameter(negative="", help="Tell mail programs nothing any more.")] = False,
) -> None:
    """Say where the people of a domain read: mail programs that ask learn it, and that they send through us."""
    if bool(host) == none:
        raise Usage("say either --host HOST or --none", place="estafette domain incoming", fix="one of them")
    with office() as room:
        if none:
            _show(mailboxes.clear(room, domain, tenant=tenant))
        else:
            wish = Wish(host=host, port=port, socket=socket, sign_in=sign_in, login=login)
            _show(mailboxes.put(room, domain, wish, tenant=tenant))


@app.command
def fetch_incoming(
    domain: str, /, *, tenant: str = "", url: Annotated[str, Parameter(help="Where its file is.")] = ""
) -> None:
    """Take it once from the autoconfig file that the company has published; only the outgoing half will be ours."""
    with office() as room:
        _show(run(mailboxes.fetch(room, domain, _Web(), tenant=tenant, url=url)))


@app.command
def zone() -> None:
    """Print what the name server of service.dns_zone publishes: the targets of every tenant's records."""
    with office() as room:
        text = domains.zone(room)
    if call.json:
        output.document({"zone": call.settings.service.dns_zone, "text": text})
    else:
        print(text, end="")


class _Web:
    """Pages of the web, behind the guard that keeps fetching out of networks of special use."""

    async def get(self, url: str, most: int) -> bytes:
        """Return the octets at an address; Fault."""
        from estafette.net.fetched import FetchFault
        from estafette.net.http import Fetcher
        from estafette.net.resolver import Resolver

        settings = call.settings
        try:
            fetched = await Fetcher(Resolver(settings.dns.servers), settings.outgoing.allow_networks).get(url, most)
        except FetchFault as error:
            raise Fault(str(error), place=url, fix="look at it with a browser") from None
        return fetched.body


def _names() -> Published:
    from estafette.tenancy.published import Published

    return Published(call.settings.dns.servers, allow=call.settings.delivery.allow_networks)


def _show(answer: Resource) -> None:
    if call.json:
        output.document(answer)
        return
    lines = answer["records"]
    assert isinstance(lines, list)
    output.resource({name: value for name, value in answer.items() if name not in {"records", "keys"}})
    keys = answer.get("keys")
    for key in keys if isinstance(keys, list) else ():
        output.resource({"key": " ".join(str(value) for value in key.values() if value)})
    output.records(lines)
