"""The envelope: sender and recipients of one transaction, with the DSN parameters of RFC 3461."""

from __future__ import annotations

from typing import Literal

import msgspec

NOTIFY_NEVER = 1
NOTIFY_SUCCESS = 2
NOTIFY_FAILURE = 4
NOTIFY_DELAY = 8

Body = Literal["7BIT", "8BITMIME"]
Ret = Literal["", "FULL", "HDRS"]


class Recipient(msgspec.Struct, frozen=True, array_like=True):
    """One RCPT. address: as given, local part untouched, domain in lower-case A-labels unless SMTPUTF8.

    notify: bits of RFC 3461 section 4.1, 0 = not given. orcpt: original recipient, "type;xtext" as received, or "".
    """

    address: str
    domain: str
    notify: int = 0
    orcpt: str = ""


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """MAIL and its RCPTs. sender: "" for the null sender. ret, envid: RFC 3461 sections 4.3 and 4.4."""

    sender: str
    recipients: tuple[Recipient, ...]
    body: Body = "7BIT"
    smtputf8: bool = False
    ret: Ret = ""
    envid: str = ""
