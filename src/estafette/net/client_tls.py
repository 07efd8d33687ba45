"""TLS towards other mail servers: opportunistic, or verified; and the memory of hosts whose TLS is broken."""

from __future__ import annotations

import ssl

#: How long a host that offers TLS and breaks it is spoken to in clear, seconds.
BROKEN_FOR = 3 * 86400.0
_MEMORY_LIMIT = 10_000


def opportunistic() -> ssl.SSLContext:
    """Return a context that encrypts to whoever answers (RFC 7435): no name, no chain is checked.

    The floor is TLS 1.2 (RFC 8997); small keys pass, because the alternative is no encryption at all.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def verified(ca_file: str = "") -> ssl.SSLContext:
    """Return a context that checks chain and name against the system's roots and those of ``ca_file``."""
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class BrokenTls:
    """Remembers hosts that offered TLS and broke it, so that the next attempt does not run into it again.

    Times are monotonic seconds. The oldest entry goes when the memory is full.
    """

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def remember(self, host: str, now: float) -> None:
        """Note that TLS failed with a host just now."""
        self._until.pop(host, None)
        if len(self._until) >= _MEMORY_LIMIT:
            del self._until[next(iter(self._until))]
        self._until[host] = now + BROKEN_FOR

    def knows(self, host: str, now: float) -> bool:
        """True while a host's TLS counts as broken."""
        until = self._until.get(host)
        return until is not None and now < until
