"""Outlook's Autodiscover in plain XML ([MS-OXDSCLI] sections 2.2.3 and 2.2.4): a request read, an answer written."""

from __future__ import annotations

from xml.sax.saxutils import escape

import msgspec

from estafette.mail.setup.markup import MarkupError, read
from estafette.model.address import Address, AddressError, parse_path
from estafette.model.mailbox import ClientSetup, Endpoint, filled

_SCHEMA = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
_ENVELOPE = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"


class Question(msgspec.Struct, frozen=True):
    """What was asked. answerable: the form that the program reads is the one that is written here."""

    address: Address
    answerable: bool


def asked(octets: bytes) -> Question:
    """Return the question of a request; MarkupError."""
    root = read(octets)
    request = next(root.all("Request"), None)
    if root.name != "Autodiscover" or request is None:
        raise MarkupError("it is no request of Autodiscover")
    try:
        address = parse_path(request.said("EMailAddress"), smtputf8=True)
    except AddressError as error:
        raise MarkupError(str(error)) from None
    schemas = [each.text for each in request.all("AcceptableResponseSchema")]
    return Question(address, not schemas or _SCHEMA in schemas)


def written(setup: ClientSetup, address: Address) -> bytes:
    """Return the answer for an address; ``speaks`` says for which set-ups there is one.

    The address is the asker's own, echoed: nothing here knows whether it exists. UsePOPAuth is off, because the
    password of the outgoing server is another one than that of the mailbox.
    """
    box = setup.mailbox
    protocols = _protocol("IMAP", box.incoming, filled(box.login, address.local, address.domain))
    protocols += _protocol("SMTP", setup.outgoing[0], address.text, ("UsePOPAuth", "off"), ("SMTPLast", "off"))
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<Autodiscover xmlns="{_ENVELOPE}">\n  <Response xmlns="{_SCHEMA}">\n'
        "    <Account>\n      <AccountType>email</AccountType>\n      <Action>settings</Action>\n"
        f"{protocols}    </Account>\n  </Response>\n</Autodiscover>\n"
    ).encode()


def speaks(setup: ClientSetup) -> bool:
    """Whether this form can say how one signs in: it knows passwords."""
    return setup.mailbox.sign_in == "password"


def _protocol(kind: str, at: Endpoint, login: str, *more: tuple[str, str]) -> str:
    fields = [
        ("Type", kind), ("Server", at.host), ("Port", str(at.port)), ("LoginName", login), ("DomainRequired", "off"),
        ("SPA", "off"), ("SSL", "on"), ("Encryption", "SSL" if at.socket == "tls" else "TLS"), ("AuthRequired", "on"),
        *more,
    ]  # fmt: skip
    lines = "".join(f"        <{name}>{escape(value)}</{name}>\n" for name, value in fields)
    return f"      <Protocol>\n{lines}      </Protocol>\n"
