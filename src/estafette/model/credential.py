"""A credential: what lets one employee or application in, and what it may do."""

from __future__ import annotations

import ipaddress

import msgspec

from estafette.model.stream import StreamKind


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """What a credential may send at most; None and empty = no limit of its own.

    message_recipients: of one message. per_minute, per_hour, per_day: recipients accepted in that time (UTC).
    recipients: addresses or domains it may write to, for test keys.
    """

    message_recipients: int | None = None
    per_minute: int | None = None
    per_hour: int | None = None
    per_day: int | None = None
    recipients: tuple[str, ...] = ()

    def reaches(self, address: str, domain: str) -> bool:
        """Return whether it may write to an address (lower case) of a domain."""
        return not self.recipients or address in self.recipients or domain in self.recipients


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks, after authentication: the answer of the directory to a log-in or a source network.

    senders: addresses or domains it may use in MAIL FROM, From and Sender (lower case, domains in A-labels);
    empty = every verified domain of the tenant. reports: the address told of failures on the personal stream,
    empty = the envelope sender. via: "password", "api_key", "network" or "socket". allowance: its own limits, None for
    none. expires: unix seconds. only_from: networks from which alone it may log in, empty = any.
    headers: the service whose header fields its programs write, "" for ours only.
    """

    tenant: str
    credential: str
    username: str
    stream: str
    kind: StreamKind
    egress: str = "default"
    senders: tuple[str, ...] = ()
    via: str = "password"
    show_id: bool = True
    report_to: str = ""
    retention: float | None = None
    allowance: Allowance | None = None
    expires: float | None = None
    only_from: tuple[str, ...] = ()
    headers: str = ""

    def admits(self, client: str) -> bool:
        """Return whether a client address (text, without zone) may log in as this."""
        if not self.only_from:
            return True
        try:
            address = ipaddress.ip_address(client)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address):
            address = address.ipv4_mapped or address
        return any(address in ipaddress.ip_network(each) for each in self.only_from)
