"""Servers to which mail that comes in may be handed, as far as the target itself tells.

The rest is decided at every connection, on the address that is actually connected to.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from estafette.base.errors import Fault
from estafette.config.schema import Settings
from estafette.net.special import Guard
from estafette.tenancy import domains

LONGEST = 300
SMTP_PORT = 25
#: Ports below 1024 at which servers take mail: LMTP, SMTP, submission.
_KNOWN = frozenset({24, SMTP_PORT, 587})
_FIX = "write it as smtp://mail.company.example or lmtp://mail.company.example:24"


class ForwardTargets:
    """allow: networks of special use that are open. own: names of this service."""

    def __init__(self, *, allow: Collection[str] = (), own: Collection[str] = ()) -> None:
        self._guard = Guard(allow)
        self._own = frozenset(name.lower() for name in own if name) - {"localhost"}

    def checked(self, target: str) -> str:
        """Return a target as it is kept: host in A-labels, the port always written. Fault."""
        parts, port = _read(target)
        host, literal = _host(parts.hostname or "")
        if literal and (why := self._guard.refuses(host)):
            raise _wrong(f"{host} is not public: {why}", "name a public one; the operator opens networks")
        if host in self._own:
            raise _wrong("the target leads back to this service", "name the company's own server")
        shown = f"[{host}]" if ":" in host else host
        return f"{parts.scheme}://{shown}:{port}"


def of_settings(settings: Settings) -> ForwardTargets:
    """Return where a service forwards to."""
    service = settings.service
    return ForwardTargets(allow=settings.delivery.allow_networks, own=(service.hostname, service.return_path))


def _read(target: str) -> tuple[SplitResult, int]:
    if not target.isprintable() or " " in target or len(target) > LONGEST:
        raise _wrong("the target holds what a target cannot hold, or is too long", _FIX)
    try:
        parts = urlsplit(target)
        port = parts.port
    except ValueError:
        raise _wrong("the target cannot be read", _FIX) from None
    if parts.scheme not in {"smtp", "lmtp"} or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise _wrong("this is neither an smtp:// nor an lmtp:// target", _FIX)
    if "@" in parts.netloc:
        raise _wrong("nobody logs in there", "leave user and password out, and let that server trust our address")
    if port is None and parts.scheme == "lmtp":
        raise _wrong("LMTP has no usual port", "write it: lmtp://mail.company.example:24")
    port = SMTP_PORT if port is None else port
    if port not in _KNOWN and port < 1024:
        raise _wrong(f"no mail is taken at port {port}", "use 25, 24, 587, or one above 1023")
    return parts, port


def _host(name: str) -> tuple[str, bool]:
    """Return a host in A-labels or as an address, and whether it is an address."""
    try:
        return str(ipaddress.ip_address(name)), True
    except ValueError:
        pass
    try:
        return domains.a_label(name), False
    except Fault:
        raise _wrong("the target names no host", _FIX) from None


def _wrong(cause: str, fix: str) -> Fault:
    return Fault(cause, place="target", fix=fix)
