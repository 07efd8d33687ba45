"""Ports that outgoing HTTP must not speak to: those of other services, which a request could be mistaken by.

The list is the "bad port" table of the Fetch standard (https://fetch.spec.whatwg.org/#port-blocking, read 2026);
besides, below 1024 only those of HTTP itself are spoken to.
"""

from __future__ import annotations

HTTP: frozenset[int] = frozenset({80, 443})
#: The entries above 1023.
BAD: frozenset[int] = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
)


def speaks_http(port: int) -> bool:
    """Return whether a request may be sent to a port."""
    return port in HTTP or (1024 <= port <= 65535 and port not in BAD)
