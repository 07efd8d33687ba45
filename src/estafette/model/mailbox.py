"""Where a company's people read their mail, which is not ours, and where they send it, which is."""

from __future__ import annotations

import re
from typing import Literal, get_args

import msgspec

from estafette.model.domain import Domain

Socket = Literal["tls", "starttls"]
SignIn = Literal["password", "encrypted", "oauth2"]
SOCKETS: tuple[Socket, ...] = get_args(Socket)
SIGN_INS: tuple[SignIn, ...] = get_args(SignIn)
#: What a mail program puts into a user name (Thunderbird's autoconfig names them so): the whole address, what stands
#: before its @, and what stands after.
ADDRESS, LOCAL, DOMAIN = "%EMAILADDRESS%", "%EMAILLOCALPART%", "%EMAILDOMAIN%"
_MARK = re.compile(f"{ADDRESS}|{LOCAL}|{DOMAIN}")
#: Ports of RFC 8314 section 3: IMAP and submission with TLS from the first octet; and of RFC 9051 and 6409 before.
IMAPS, IMAP, SUBMISSIONS, SUBMISSION = 993, 143, 465, 587


class Endpoint(msgspec.Struct, frozen=True):
    """A server that mail programs reach. socket: "tls" from the first octet, or "starttls"; never neither."""

    host: str
    port: int
    socket: Socket


class Mailbox(msgspec.Struct, frozen=True, kw_only=True):
    """Where the mailboxes of a domain are read over IMAP.

    login: the user name there, with ``ADDRESS``, ``LOCAL`` and ``DOMAIN`` for what depends on the person.
    """

    incoming: Endpoint
    sign_in: SignIn = "password"
    login: str = ADDRESS


class ClientSetup(msgspec.Struct, frozen=True, kw_only=True):
    """All that a mail program needs for a domain.

    outgoing: ours, at least one, the preferred one first; the user name there is the address.
    """

    domain: str
    mailbox: Mailbox
    outgoing: tuple[Endpoint, ...]


def mailbox_of(domain: Domain) -> Mailbox | None:
    """Return where a domain's people read, None when the domain does not say."""
    if not domain.incoming_host:
        return None
    return Mailbox(
        incoming=Endpoint(domain.incoming_host, domain.incoming_port, domain.incoming_socket),
        sign_in=domain.incoming_sign_in, login=domain.incoming_login,
    )  # fmt: skip


def outgoing(host: str, submissions: int, submission: int) -> tuple[Endpoint, ...]:
    """Return a service's doors, TLS from the first octet before STARTTLS (RFC 8314 section 3.3); port 0 = none."""
    found: list[Endpoint] = []
    if submissions:
        found.append(Endpoint(host, submissions, "tls"))
    if submission:
        found.append(Endpoint(host, submission, "starttls"))
    return tuple(found)


def filled(login: str, local: str, domain: str) -> str:
    """Return the user name of one address; what is filled in is never looked at again for marks."""
    values = {ADDRESS: f"{local}@{domain}", LOCAL: local, DOMAIN: domain}
    return _MARK.sub(lambda found: values[found[0]], login)
