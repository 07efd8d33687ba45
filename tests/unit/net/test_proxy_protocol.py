from __future__ import annotations

import contextlib
import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.net.proxy_protocol import SIGNATURE, ProxyError, ProxyHeader, parse


def header(command=0x21, family=0x11, source="192.0.2.7", port=4711, extra=b""):
    packed = ipaddress.ip_address(source).packed
    body = packed + packed + struct.pack("!HH", port, 25) + extra
    return SIGNATURE + struct.pack("!BBH", command, family, len(body)) + body


def test_both_families_and_extensions():
    assert parse(header()) == ProxyHeader("192.0.2.7", 4711, 28)
    assert parse(header(family=0x21, source="2001:db8::1", extra=b"\x04\x00\x00") + b"rest") == ProxyHeader(
        "2001:db8::1", 4711, 55
    )
    assert parse(header(command=0x20)) == ProxyHeader("", 0, 28)


@pytest.mark.parametrize(
    "data",
    [
        b"PROXY TCP4",
        b"EHLO x\r\n",
        header(command=0x11),
        header(command=0x22),
        header(family=0x12),
        header(family=0x31),
    ],
)
def test_anything_else_is_refused(data):
    with pytest.raises(ProxyError):
        parse(data)


@given(st.integers(0, 27))
def test_incomplete(cut):
    assert parse(header()[:cut]) is None


@given(st.binary(max_size=60))
def test_garbage(data):
    with contextlib.suppress(ProxyError):
        parse(data)
        parse(SIGNATURE + data)
