"""Thunderbird's ``config-v1.1.xml`` (draft-ietf-mailmaint-autoconfig): ours is written, a company's own is read."""

from __future__ import annotations

from xml.sax.saxutils import escape

from estafette.mail.setup.markup import Element, MarkupError, read
from estafette.model.mailbox import ADDRESS, Endpoint, Mailbox, SignIn, Socket
from estafette.model.mailbox import ClientSetup as Setup

_SOCKETS: dict[Socket, str] = {"tls": "SSL", "starttls": "STARTTLS"}
_SIGN_INS: dict[SignIn, str] = {
    "password": "password-cleartext", "encrypted": "password-encrypted", "oauth2": "OAuth2",
}  # fmt: skip
#: Older files call the same ``plain`` and ``secure``.
_READ: dict[str, SignIn] = {told: known for known, told in _SIGN_INS.items()} | {
    "plain": "password",
    "secure": "encrypted",
}


def written(setup: Setup) -> bytes:
    """Return the file of a domain; the same for everybody in it, since the program fills in its own address."""
    box, name = setup.mailbox, escape(setup.domain)
    servers = [_server("incomingServer", "imap", box.incoming, _SIGN_INS[box.sign_in], box.login)]
    servers += [_server("outgoingServer", "smtp", each, _SIGN_INS["password"], ADDRESS) for each in setup.outgoing]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<clientConfig version="1.1">\n'
        f'  <emailProvider id="{name}">\n    <domain>{name}</domain>\n    <displayName>{name}</displayName>\n'
        f"    <displayShortName>{name}</displayShortName>\n{''.join(servers)}  </emailProvider>\n</clientConfig>\n"
    ).encode()


def _server(element: str, kind: str, at: Endpoint, sign_in: str, login: str) -> str:
    return (
        f'    <{element} type="{kind}">\n      <hostname>{escape(at.host)}</hostname>\n      <port>{at.port}</port>\n'
        f"      <socketType>{_SOCKETS[at.socket]}</socketType>\n      <authentication>{sign_in}</authentication>\n"
        f"      <username>{escape(login)}</username>\n    </{element}>\n"
    )


def mailbox(octets: bytes) -> Mailbox:
    """Return where a company's file says that mail is read: over IMAP, encrypted, TLS first. MarkupError without one.

    Host and user name are as the file has them: whoever keeps them checks them.
    """
    root = read(octets)
    found = [
        box
        for provider in root.all("emailProvider")
        for server in provider.all("incomingServer")
        if (box := _mailbox(server)) is not None
    ]
    if root.name != "clientConfig" or not found:
        raise MarkupError("it names no IMAP server with TLS or STARTTLS and a way of signing in that is known here")
    return min(found, key=lambda box: box.incoming.socket != "tls")


def _mailbox(server: Element) -> Mailbox | None:
    sockets = {told.lower(): known for known, told in _SOCKETS.items()}
    socket, port = sockets.get(server.said("socketType").lower()), server.said("port")
    sign_ins = [known for each in server.all("authentication") if (known := _READ.get(each.text))]
    if server.attributes.get("type") != "imap" or socket is None or not sign_ins or not _is_port(port):
        return None
    return Mailbox(
        incoming=Endpoint(server.said("hostname"), int(port), socket), sign_in=sign_ins[0],
        login=server.said("username") or ADDRESS,
    )  # fmt: skip


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536
