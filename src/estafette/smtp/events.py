"""What a server connection reports; each one marked *asks* waits for ``accept`` or ``refuse``."""

from __future__ import annotations

import msgspec

from estafette.model.address import Address
from estafette.model.envelope import Body, Recipient, Ret


class Greeted(msgspec.Struct, frozen=True):
    """EHLO or HELO was answered; any transaction was reset. name: as given, ASCII."""

    name: str
    extended: bool


class StartTls(msgspec.Struct, frozen=True):
    """220 is in the output: send it, then begin the handshake, then call ``tls_started``."""


class Auth(msgspec.Struct, frozen=True):
    """Asks: log in with these. The password is a secret.

    exposed: it came without TLS where that is not allowed; only the user name was read, "" when it was not yet said.
    """

    mechanism: str
    username: str
    password: bytes
    exposed: bool = False


class MailFrom(msgspec.Struct, frozen=True):
    """Asks: MAIL. sender: None for the null sender. size: octets announced, 0 when not. ret, envid: RFC 3461."""

    sender: Address | None
    size: int = 0
    body: Body = "7BIT"
    smtputf8: bool = False
    ret: Ret = ""
    envid: str = ""


class RcptTo(msgspec.Struct, frozen=True):
    """Asks: RCPT. recipient: as it will stand in the envelope."""

    address: Address
    recipient: Recipient


class DataStart(msgspec.Struct, frozen=True):
    """Asks: may the message come? DATA, or the first BDAT of a message."""


class DataChunk(msgspec.Struct, frozen=True):
    """A piece of the message: dots unstuffed, line ends checked. A small message is one piece."""

    data: bytes


class MessageEnd(msgspec.Struct, frozen=True):
    """Asks: the message is complete; ``accept`` promises that it is durable."""


class Reset(msgspec.Struct, frozen=True):
    """The transaction is over without a message: RSET, or the machine refused the message."""


class Closed(msgspec.Struct, frozen=True):
    """The last reply is in the output; send it and close. reason: short name for the log."""

    reason: str


Event = Greeted | StartTls | Auth | MailFrom | RcptTo | DataStart | DataChunk | MessageEnd | Reset | Closed
