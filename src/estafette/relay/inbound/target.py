"""Where a route forwards to: the company's own server, by SMTP or LMTP."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from estafette.base.errors import Refusal

SMTP_PORT = 25
_SCHEMES = frozenset({"smtp", "lmtp"})


class Target(msgspec.Struct, frozen=True):
    """A server. host: a name, or a literal address without brackets. lmtp: RFC 2033, else SMTP."""

    host: str
    port: int
    lmtp: bool


def read_target(text: str) -> Target:
    """Read ``smtp://HOST[:PORT]`` or ``lmtp://HOST:PORT``.

    Refusal 451 for anything else: a wrong route must not cost mail.
    """
    try:
        parts = urlsplit(text)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    lmtp = scheme == "lmtp"
    if not host or scheme not in _SCHEMES or (lmtp and not port):
        raise Refusal(
            451, "4.3.5", "the route of this address is wrong, try again later", rule="wrong_target", cause=text
        )
    return Target(host.lower().rstrip("."), port or SMTP_PORT, lmtp)
