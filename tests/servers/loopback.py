"""Addresses and ports on loopback that no other test uses."""

from __future__ import annotations

import os
import random
import socket
import time

_random = random.Random(os.urandom(8))


def address() -> str:
    """Return an address in 127.0.0.0/8, chosen at random among 16 million."""
    return f"127.{_random.randint(1, 254)}.{_random.randint(1, 254)}.{_random.randint(2, 254)}"


def port(host: str = "127.0.0.1") -> int:
    """Return a port below the ephemeral range that is free right now."""
    while True:
        number = _random.randint(10_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind((host, number))
            except OSError:
                continue
            return number


def await_port(host: str, number: int, within: float = 10.0) -> None:
    """Return when something listens there; TimeoutError when nothing does in time."""
    until = time.monotonic() + within
    while True:
        try:
            socket.create_connection((host, number), 0.5).close()
        except OSError:
            if time.monotonic() > until:
                raise TimeoutError(f"nothing listens on {host}:{number}") from None
            time.sleep(0.02)
        else:
            return
