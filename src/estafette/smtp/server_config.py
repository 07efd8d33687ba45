"""What an SMTP listener allows."""

from __future__ import annotations

from typing import Literal

import msgspec


class ServerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a listener allows.

    auth: whether MAIL needs AUTH. tls: whether STARTTLS is offered. max_size: octets. errors: bad commands until 421.
    bare_newline: "normalize" keeps a message with bare CR or LF after making each a CRLF; "reject" answers 550.
    """

    hostname: str
    auth: bool = True
    tls: bool = False
    plaintext_auth: bool = False
    max_size: int = 35_000_000
    max_recipients: int = 1000
    bare_newline: Literal["normalize", "reject"] = "normalize"
    errors: int = 20
