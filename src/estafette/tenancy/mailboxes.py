"""Where the people of a domain read their mail: said by its tenant, or taken once from the company's own autoconfig."""

from __future__ import annotations

from typing import Protocol

import msgspec

from estafette.base.errors import Fault
from estafette.mail.setup import autoconfig
from estafette.mail.setup.markup import MOST, MarkupError
from estafette.model.domain import Domain
from estafette.model.mailbox import ADDRESS, IMAP, IMAPS, LOCAL, SIGN_INS, SOCKETS, Endpoint, Mailbox, SignIn, Socket
from estafette.tenancy import domains
from estafette.tenancy.office import Office, Resource

#: What people write in place of a user name of their own.
_SHORT = {"address": ADDRESS, "local": LOCAL}
_LOGIN_LIMIT = 255


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is said. port: None = the usual one of the socket; login: "address", "local", or a text with marks."""

    host: str
    port: int | None = None
    socket: str = "tls"
    sign_in: str = "password"
    login: str = "address"


class Pages(Protocol):
    """What fetching needs of the web: the octets at an address, at most so many; Fault."""

    async def get(self, url: str, most: int) -> bytes:
        """Return them."""
        ...


def put(office: Office, name: str, wish: Wish, *, tenant: str = "") -> Resource:
    """Say where the people of a domain read, in place of what was said before. NotFound, Stale, Fault."""
    return _keep(office, domains.find(office, name, tenant), _mailbox(wish), "domain.incoming")


def clear(office: Office, name: str, *, tenant: str = "") -> Resource:
    """Say it no longer: mail programs are told nothing about the domain. NotFound, Stale."""
    return _keep(office, domains.find(office, name, tenant), None, "domain.incoming.clear")


async def fetch(office: Office, name: str, pages: Pages, *, tenant: str = "", url: str = "") -> Resource:
    """Take it from the file that the company has published itself, at an address or at the usual ones. NotFound, Fault.

    Run by the operator alone: a stranger's question never makes this service fetch anything.
    """
    domain = domains.find(office, name, tenant)
    places = [url] if url else [
        f"https://autoconfig.{domain.name}/mail/config-v1.1.xml?emailaddress=postmaster%40{domain.name}",
        f"https://{domain.name}/.well-known/autoconfig/mail/config-v1.1.xml",
    ]  # fmt: skip
    told: list[str] = []
    for place in places:
        try:
            box = _own(autoconfig.mailbox(await pages.get(place, MOST)))
        except (MarkupError, Fault) as error:
            told.append(f"{place}: {error}")
        else:
            return _keep(office, domain, box, "domain.incoming.fetch")
    raise Fault(
        f"no autoconfig of {domain.name} that says where mail is read: {'; '.join(told)}", place="--url",
        fix="name its address, or say it: estafette domain incoming DOMAIN --host HOST",
    )  # fmt: skip


def _own(box: Mailbox) -> Mailbox:
    at = box.incoming
    return _mailbox(Wish(host=at.host, port=at.port, socket=at.socket, sign_in=box.sign_in, login=box.login))


def _mailbox(wish: Wish) -> Mailbox:
    socket, sign_in = _socket(wish.socket), _sign_in(wish.sign_in)
    port = wish.port if wish.port is not None else IMAPS if socket == "tls" else IMAP
    if not 0 < port < 65536:
        raise Fault(f"{port} is no port", place="port", fix="1 to 65535")
    return Mailbox(incoming=Endpoint(_host(wish.host), port, socket), sign_in=sign_in, login=_login(wish.login))


def _host(text: str) -> str:
    try:
        host = domains.a_label(text)
    except Fault:
        host = ""
    if "." not in host:
        # Mail programs compare the certificate with a name, and have to resolve it wherever they are.
        raise Fault(f"{text!r} is no whole host name", place="host", fix="such as imap.company.example")
    return host


def _socket(text: str) -> Socket:
    found = next((each for each in SOCKETS if each == text), None)
    if found is None:
        raise Fault(f"{text!r} is no way to encrypt", place="socket", fix="tls or starttls; none is not offered")
    return found


def _sign_in(text: str) -> SignIn:
    found = next((each for each in SIGN_INS if each == text), None)
    if found is None:
        raise Fault(f"{text!r} is no way to sign in", place="sign_in", fix=f"one of {', '.join(SIGN_INS)}")
    return found


def _login(text: str) -> str:
    login = _SHORT.get(text, text)
    if len(login) > _LOGIN_LIMIT or not login.isprintable():
        raise Fault("a user name has at most 255 printable characters", place="login", fix="shorten it")
    if ADDRESS not in login and LOCAL not in login:
        # One name for everybody would be somebody's, and it would be told to strangers.
        raise Fault(
            f"{login!r} is the same for everybody", place="login",
            fix=f"address, local, or a text with {ADDRESS} or {LOCAL} in it",
        )  # fmt: skip
    return login


def _keep(office: Office, before: Domain, box: Mailbox | None, action: str) -> Resource:
    office.seen(before.version)
    none = Mailbox(incoming=Endpoint("", 0, "tls"), login="")
    said = box or none
    after = msgspec.structs.replace(
        before, incoming_host=said.incoming.host, incoming_port=said.incoming.port,
        incoming_socket=said.incoming.socket, incoming_sign_in=said.sign_in, incoming_login=said.login,
    )  # fmt: skip
    entry = office.entry(action, tenant=before.tenant, subject=before.name, before=before, after=after)
    office.control.put_domain(after, entry)
    return domains.show(office, before.name, tenant=before.tenant)
