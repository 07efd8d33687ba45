"""A smarthost: the one host that all mail of an egress group goes to."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import msgspec

from estafette.base.errors import ConfigFault
from estafette.config.schema import Egress
from estafette.smtp.login import Login

_PORTS = {"smtp": 587, "smtps": 465}


class Smarthost(msgspec.Struct, frozen=True):
    """Where it is and who we are there. implicit_tls: ``smtps://``."""

    host: str
    port: int
    implicit_tls: bool
    login: Login | None


def read_smarthost(name: str, egress: Egress) -> Smarthost | None:
    """Read ``smtp://user@host:port`` of an egress group, None when it has no smarthost; ConfigFault."""
    if not egress.smarthost:
        return None
    try:
        parts = urlsplit(egress.smarthost)
        host, port, scheme = (parts.hostname or "").lower(), parts.port, parts.scheme
    except ValueError:
        host = ""
    if not host or scheme not in _PORTS:
        raise ConfigFault(
            "the smarthost cannot be read",
            place=f"egress.{name}.smarthost",
            fix="write it as smtp://user@host:587 or smtps://user@host:465",
        )
    user = unquote(parts.username or "")
    password = egress.smarthost_password or unquote(parts.password or "")
    return Smarthost(host, port or _PORTS[scheme], scheme == "smtps", Login(user, password) if user else None)
