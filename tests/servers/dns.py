"""An authoritative DNS server process (NSD) that serves one zone: the root, with every name a test needs."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import dns.exception
import dns.message
import dns.query
import dns.rdatatype
from tests.servers import loopback, packages

_CONFIG = """server:
    ip-address: {address}@{port}
    username: ""
    chroot: ""
    zonesdir: "{folder}"
    zonelistfile: "{folder}/zone.list"
    xfrdfile: "{folder}/xfrd.state"
    xfrdir: "{folder}"
    pidfile: "{folder}/nsd.pid"
    database: ""
    server-count: 1
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: "."
    zonefile: "root.zone"
"""


def _quoted(value: str) -> str:
    pieces = [value[at : at + 250] for at in range(0, len(value), 250)]
    return " ".join('"' + piece.replace('"', '\\"') + '"' for piece in pieces)


class DnsServer:
    """Answers for the names given by ``add``; everything else does not exist.

    ``at`` is (address, port); as root the port is 53, so that programs without a port setting can ask too.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        address = loopback.address()
        self.at = (address, 53 if os.geteuid() == 0 else loopback.port(address))
        self._records: list[tuple[str, str, str]] = []
        self._serial = 0
        self._process: subprocess.Popen[bytes] | None = None

    def add(self, records: Iterable[tuple[str, str, str]]) -> None:
        """Add (name, type, value) records, TXT values unquoted, and publish them at once."""
        self._records += records
        self._publish()

    def remove(self, name: str) -> None:
        """Take a name's records away."""
        self._records = [record for record in self._records if record[0] != name]
        self._publish()

    def mail_exchanger(self, domain: str, address: str, host: str = "") -> None:
        """Let ``domain`` receive at ``address``."""
        host = host or f"mx.{domain}"
        self.add([(domain, "MX", f"10 {host}."), (host, "A", address)])

    def txt(self, name: bytes | str, timeout: float = 5.0) -> bytes:
        """Look up a TXT record; the shape of function that dkimpy wants."""
        text = name.decode() if isinstance(name, bytes) else name
        question = dns.message.make_query(text.rstrip(".") + ".", "TXT")
        answer = dns.query.udp_with_fallback(question, self.at[0], timeout, self.at[1])[0]
        values = [
            b"".join(data.strings) for found in answer.answer for data in found if found.rdtype == dns.rdatatype.TXT
        ]
        return values[0] if values else b""

    def _publish(self) -> None:
        self._serial += 1
        lines = [
            "$TTL 1",
            f". 1 SOA ns. root. {self._serial} 60 60 3600 1",
            ". 1 NS ns.",
            f"ns. 1 A {self.at[0]}",
        ]
        for name, kind, value in self._records:
            lines.append(f"{name.rstrip('.')}. 1 {kind} {_quoted(value) if kind == 'TXT' else value}")
        (self._folder / "root.zone").write_text("\n".join(lines) + "\n")
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)
            self._await_serial()

    def _await_serial(self) -> None:
        question = dns.message.make_query(".", "SOA")
        until, again = time.monotonic() + 20, time.monotonic() + 2
        while time.monotonic() < until:
            try:
                answer = dns.query.udp(question, self.at[0], 0.2, self.at[1])
            except (dns.exception.Timeout, OSError):
                continue
            if answer.answer and answer.answer[0][0].serial == self._serial:
                return
            if time.monotonic() > again and self._process is not None:
                # NSD drops a reload that arrives during one.
                self._process.send_signal(signal.SIGHUP)
                again += 2
            time.sleep(0.02)
        raise TimeoutError(f"NSD does not serve serial {self._serial}: {(self._folder / 'nsd.log').read_text()}")

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._publish()
        config = self._folder / "nsd.conf"
        config.write_text(_CONFIG.format(address=self.at[0], port=self.at[1], folder=self._folder))
        with (self._folder / "nsd.log").open("wb") as log:
            self._process = subprocess.Popen(
                [packages.program("nsd"), "-d", "-c", str(config)], env=packages.environment(), stderr=log
            )
        self._await_serial()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
