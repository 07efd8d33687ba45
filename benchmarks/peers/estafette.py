"""Estafette as a peer: real settings, the real command line, every durability promise in place."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.accounting import Group

COMMAND = [str(Path(sys.executable).parent / "estafette")]
SETTINGS = """
[store]
url = "sqlite:///{folder}/data"
[listen]
submission = ["127.0.0.1:{port}"]
submissions = []
mx = []
http = []
public = []
metrics = []
allow_plaintext_auth = {plaintext}
[tls]
certificate = "{certificate}"
key = "{key}"
[service]
hostname = "mx.bench.example"
return_path = "bounces.bench.example"
[secrets]
keyring_file = "{folder}/keyring"
[limits]
free_disk = "100MB"
queue_bytes_per_tenant = "5000GB"
{way}
{more}
"""
SMARTHOST = """[egress.default]
smarthost = "smtp://127.0.0.1:{sink}"
"""
EXCHANGERS = """[dns]
servers = ["{dns}"]
[delivery]
port = {sink}
allow_networks = ["127.0.0.0/8"]
"""


class Estafette:
    """mode: ``hold`` runs no courier, so that mail is accepted and rests; ``api`` the same, by HTTP;
    ``dkim`` signs and delivers; ``public`` answers recipients as well.

    dns: (address, port) of a DNS server by which mail finds its way to the port ``sink`` of each exchanger; without it
    everything goes to the smarthost at that port. more: further settings, at first those of ``[egress.default]``.
    """

    name = "estafette"

    def __init__(
        self, folder: Path, *, mode: str, port: int = 2525, sink: int = 2526, tls: tuple[Path, Path] | None = None,
        dns: tuple[str, int] | None = None, more: str = "", place: str = "estafette",
    ) -> None:  # fmt: skip
        self.folder = folder / place
        self.mode = mode
        self.port = port
        self._sink = sink
        self._tls = tls
        self._dns = dns
        self._more = more
        self._service: subprocess.Popen[str] | None = None
        self.login: tuple[str, str] = ("", "")
        self.tenant = ""
        self.credential = ""
        self.ready_after = 0.0

    def prepare(self) -> None:
        """Make a fresh data folder with one tenant, its verified domain and a credential for this machine."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        certificate, key = self._tls or ("", "")
        (self.folder / "estafette.toml").write_text(
            SETTINGS.format(
                folder=self.folder, port=self.port, certificate=certificate, key=key, more=self._more,
                plaintext="false" if self._tls else "true",
                way=EXCHANGERS.format(dns="{}:{}".format(*self._dns), sink=self._sink)
                if self._dns
                else SMARTHOST.format(sink=self._sink),
            )
        )  # fmt: skip
        self.cli("init")
        tenant = self.tenant = self.cli("tenant", "create", "bench")["id"]
        self.cli("domain", "add", "bench.example", "--tenant", tenant)
        self.cli("domain", "verify", "bench.example", "--tenant", tenant, "--force")
        if self._tls is None:
            self.cli("credential", "create", "--tenant", tenant, "--network", "127.0.0.0/8")
        self.login = self.account("transactional")

    def account(self, stream: str) -> tuple[str, str]:
        """Create a credential of a stream; return user name and password."""
        made = self.cli("credential", "create", "--tenant", self.tenant, "--name", stream, "--stream", stream)
        self.credential = made["id"]
        return made["username"], made["password"]

    def fill(self, group: Group, **order: object) -> None:
        """Put deliveries into the stopped service's spool; see ``benchmarks.filling.Order``."""
        own = {"url": f"sqlite:///{self.folder}/data", "tenant": self.tenant, "credential": self.credential}
        words = [sys.executable, "-m", "benchmarks.filling", json.dumps(own | order)]
        subprocess.run(words, check=True, capture_output=True, preexec_fn=group.enter)

    def cli(self, *words: str) -> dict[str, Any]:
        """Run one verb and return its JSON."""
        done = subprocess.run(
            [*COMMAND, *words, "--config", str(self.folder / "estafette.toml"), "--json"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"estafette {' '.join(words)}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def start(self, group: Group) -> None:
        """Start the service inside an accounting group; returns when it says ready."""
        words = ["serve", "--config", str(self.folder / "estafette.toml")]
        if self.mode == "hold":
            words += ["--role", "intake"]
        elif self.mode == "api":
            words += ["--role", "intake", "--role", "web"]
        elif self.mode == "public":
            words += ["--role", "intake", "--role", "courier", "--role", "public"]
        else:
            words += ["--role", "intake", "--role", "courier"]
        began = time.monotonic()
        self._service = subprocess.Popen(
            [*COMMAND, *words],
            stdout=subprocess.PIPE,
            stderr=(self.folder / "log").open("w"),
            text=True,
            preexec_fn=group.enter,
        )
        assert self._service.stdout is not None
        if self._service.stdout.readline().strip() != "ready":
            raise RuntimeError((self.folder / "log").read_text()[-2000:])
        self.ready_after = time.monotonic() - began

    def stop(self) -> None:
        """Drain and end."""
        if self._service is not None:
            self._service.send_signal(signal.SIGTERM)
            self._service.wait(60)
            self._service = None
