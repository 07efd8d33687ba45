"""Who arrived: the peer's address as the socket knows it, or as a proxy in front of us says."""

from __future__ import annotations

import asyncio
import socket
import struct
from ipaddress import ip_address

from estafette.net.proxy_protocol import parse

Peer = tuple[str, int]


def local_peer(transport: asyncio.BaseTransport) -> Peer:
    """Return ``uid:N`` for a Unix socket's peer, as the kernel knows it (SO_PEERCRED)."""
    sock = transport.get_extra_info("socket")
    return f"uid:{struct.unpack('3i', sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]}", 0


def network_peer(transport: asyncio.BaseTransport) -> Peer:
    """Return address and port of a TCP peer, whose small replies leave at once from now on."""
    peer = transport.get_extra_info("peername") or ("0.0.0.0", 0)
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return plain(str(peer[0])), int(peer[1])


def plain(address: str) -> str:
    """Return an address without zone, IPv4 when it is mapped into IPv6."""
    parsed = ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)


class Announcement:
    """The PROXY header that a trusted proxy sends first. ``peer`` is whom it speaks for; None: itself."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self.peer: Peer | None = None
        self.rest = b""

    def complete(self, data: bytes) -> bool:
        """Take octets; True once the header is whole, with what followed it in ``rest``. ProxyError when it is none."""
        self._octets += data
        header = parse(bytes(self._octets))
        if header is None:
            return False
        if header.address:
            self.peer = plain(header.address), header.port
        self.rest = bytes(self._octets[header.used :])
        return True
