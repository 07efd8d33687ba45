"""The Received field (RFC 5321 section 4.4), with the protocol names of RFC 3848 and RFC 6531."""

from __future__ import annotations

import re

from estafette.mail.dates import date_field

_NOT_NAME = re.compile(r"[^A-Za-z0-9._:\[\]-]")
_NOT_COMMENT = re.compile(r"[^A-Za-z0-9._ -]")
_NAME_LIMIT = 255


def protocol(*, esmtp: bool = True, tls: bool = False, auth: bool = False, smtputf8: bool = False) -> str:
    """Return the ``with`` value: SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA, or their UTF8SMTP kin."""
    if not esmtp:
        return "SMTP"
    return ("UTF8SMTP" if smtputf8 else "ESMTP") + "S" * tls + "A" * auth


def received(*, helo: str, client: str, hostname: str, protocol: str, shown: str, at: float, tls: str = "") -> bytes:
    """Return a Received field with its CRLF.

    helo: what the peer called itself (hostile; anything but a name or literal is replaced). client: its
    address. shown: the message's id as shown. tls: version and cipher, such as ``TLSv1.3
    TLS_AES_256_GCM_SHA384``, or "".
    """
    literal = f"IPv6:{client}" if ":" in client else client
    source = f"from {_NOT_NAME.sub('?', helo[:_NAME_LIMIT]) or 'unknown'} ([{literal}])" if client else "from local"
    security = f"\r\n\t({_NOT_COMMENT.sub('?', tls[:_NAME_LIMIT])})" if tls else ""
    return (
        f"Received: {source}\r\n\tby {hostname} with {protocol} id {shown}{security};\r\n\t{date_field(at)}\r\n"
    ).encode()
