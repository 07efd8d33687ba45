"""A DNS server for the rows that need more than one site."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.servers.dns import DnsServer


@contextmanager
def sites(folder: Path, exchangers: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Serve domain -> address of its mail exchanger; give (address, port) of the DNS server."""
    place = folder / "dns"
    shutil.rmtree(place, ignore_errors=True)
    with DnsServer(place) as server:
        for domain, address in exchangers.items():
            server.mail_exchanger(domain, address)
        yield server.at
