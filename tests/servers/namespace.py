"""A network namespace of a test's own, with addresses that look public: nothing in it reaches anybody."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

_CLONE_NEWNET = 0x40000000
#: Addresses of real networks, so that no rule for special-use ranges applies to them.
V4 = ("11.22.33.44", "11.22.33.45", "11.22.33.46")
V6 = ("2a00:dead:beef::44", "2a00:dead:beef::45")


def _call(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def namespace() -> Iterator[None]:
    """Move this thread, and whatever it starts, into a new namespace whose loopback has ``V4`` and ``V6``; root only."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        _call(libc.unshare(_CLONE_NEWNET))
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            for address in (*(f"{each}/32" for each in V4), *(f"{each}/128" for each in V6)):
                subprocess.run(["ip", "addr", "add", address, "dev", "lo"], check=True)
            yield
        finally:
            _call(libc.setns(home, _CLONE_NEWNET))
    finally:
        os.close(home)
