"""PROXY protocol version 2 (HAProxy's specification of 2020/03/05, section 2.2), receiver's side, binary form only."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

import msgspec

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
HEADER = 16
LENGTH_LIMIT = 4096


class ProxyError(ValueError):
    """What came is no PROXY v2 header."""


class ProxyHeader(msgspec.Struct, frozen=True):
    """What a proxy said. address: "" for LOCAL (the proxy's own health check). used: octets of the header."""

    address: str
    port: int
    used: int


def parse(data: bytes) -> ProxyHeader | None:
    """Return the header at the start of ``data``, None while it is incomplete; ProxyError when it is none."""
    if data[:12] != SIGNATURE[: len(data)]:
        raise ProxyError("no PROXY v2 signature")
    if len(data) < HEADER:
        return None
    version_command, family, length = struct.unpack_from("!BBH", data, 12)
    if version_command not in {0x20, 0x21} or length > LENGTH_LIMIT:
        raise ProxyError("unknown version or command, or too long")
    if len(data) < HEADER + length:
        return None
    used = HEADER + length
    if version_command == 0x20:
        return ProxyHeader("", 0, used)
    if family == 0x11 and length >= 12:
        source, port = struct.unpack_from("!4s4xH", data, HEADER)
        return ProxyHeader(str(IPv4Address(source)), port, used)
    if family == 0x21 and length >= 36:
        source, port = struct.unpack_from("!16s16xH", data, HEADER)
        return ProxyHeader(str(IPv6Address(source)), port, used)
    raise ProxyError("not TCP over IPv4 or IPv6")
