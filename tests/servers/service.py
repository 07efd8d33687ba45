"""The service under test: ``estafette serve`` as a process, steered by its command line alone."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.servers import loopback, packages
from tests.servers.certificates import Certificates
from tests.servers.verbs import Started, verbs

ESTAFETTE = packages.ROOT / ".venv/bin/estafette"
HOST = "mx1.relay.test"
RETURN_PATH = "bounces.relay.test"
#: What stands in mail; who follows it in a test asks the public listener instead.
PUBLIC_URL = "https://t.relay.test"
#: Roles that carry mail: without API, page and public listener a start takes half as long.
MAIL = ("store", "intake", "courier", "janitor")


#: what ``prepare`` made, so that later tests of this process start from a copy instead of six commands
_PREPARED: dict[str, tuple[tempfile.TemporaryDirectory[str], dict[str, Any]]] = {}


def _toml(sections: dict[str, dict[str, Any]]) -> str:
    lines: list[str] = []
    for section, values in sections.items():
        lines.append(f"[{section}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


class Service:
    """A data folder with its settings; start and stop it as often as a test likes.

    ``settings`` are merged into the sections: ``{"delivery": {"retry": ["1s"]}}``. ``roles``: what starts, () = all.
    """

    def __init__(
        self, folder: Path, certificates: Certificates, *, dns: tuple[str, int] | None = None, mx_port: int = 25,
        settings: dict[str, dict[str, Any]] | None = None,
    ) -> None:  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data = folder / "data"
        self.certificates = certificates
        self.address = loopback.address()
        self.submission, self.submissions, self.mx, self.http, self.public, self.metrics = (
            loopback.port(self.address) for _ in range(6)
        )
        self.log = folder / "service.log"
        self.environment: dict[str, str] = {}
        self.wrapper: list[str] = []
        self.roles: tuple[str, ...] = ()
        self._process: subprocess.Popen[str] | Started | None = None
        self._unproved = False
        self._records: list[dict[str, str]] = []
        self._key = ""
        chain, key = certificates.issue(HOST, self.address)
        self._sections: dict[str, dict[str, Any]] = {
            "store": {"url": f"sqlite://{self.data}"},
            "listen": {
                name: [f"{self.address}:{getattr(self, name)}"]
                for name in ("submission", "submissions", "mx", "http", "public", "metrics")
            },
            "tls": {"certificate": str(chain), "key": str(key)},
            "service": {"hostname": HOST, "return_path": RETURN_PATH, "public_url": PUBLIC_URL},
            "secrets": {"keyring_file": str(folder / "keyring")},
            "dns": {"servers": [f"{dns[0]}:{dns[1]}"]} if dns else {},
            "delivery": {
                "port": mx_port, "allow_networks": ["127.0.0.0/8"], "retry": ["1s", "2s"],
                "ca_file": str(certificates.ca_file),
            },
            "limits": {"free_disk": "1MB"},
            "dialects": {"postmark": ["postmark.test"]},  # a client of it keeps no prefix of the path
        }  # fmt: skip
        for section, values in (settings or {}).items():
            self._sections.setdefault(section, {}).update(values)
        self.config = folder / "estafette.toml"
        self.config.write_text(_toml(self._sections))

    def run(self, *words: str, stdin: bytes = b"", check: bool = True) -> subprocess.CompletedProcess[bytes]:
        """Run a verb; AssertionError with its stderr when it fails and ``check`` is set."""
        line = [*words, "--config", str(self.config)]
        if self.environment:  # what is loaded into the program must be there when it starts
            command = [str(ESTAFETTE), *line]
            done = subprocess.run(
                command, input=stdin, capture_output=True, check=False, timeout=60, env=self._environment()
            )
        else:
            done = verbs().run(line, stdin, self._environment(), 60.0)
        if check and done.returncode:
            raise AssertionError(
                f"{' '.join(words)}: exit {done.returncode}\n{done.stderr.decode()}\n{done.stdout.decode()}"
            )
        return done

    def cli(self, *words: str, stdin: bytes = b"") -> Any:
        """Run a verb with ``--json`` and return its document."""
        return json.loads(self.run(*words, "--json", stdin=stdin).stdout or b"null")

    def prepare(self, domain: str = "customer.test", tenant: str = "customer", **credential: str) -> dict[str, Any]:
        """Make store, tenant, verified domain and one credential; return the credential with ``records`` to publish."""
        key = json.dumps([domain, tenant, credential])
        if (self.folder / "keyring").exists() or key not in _PREPARED:
            made = self._prepare(domain, tenant, credential)
            self._key = self._key or made.get("api_key", "")
            if self._process is None and key not in _PREPARED:
                _PREPARED[key] = (tempfile.TemporaryDirectory(), made)
                self._copy(self.folder, Path(_PREPARED[key][0].name))
            return made
        self._copy(Path(_PREPARED[key][0].name), self.folder)
        self._key = _PREPARED[key][1].get("api_key", "")
        return _PREPARED[key][1]

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        shutil.copytree(source / "data", target / "data", dirs_exist_ok=True)
        shutil.copy2(source / "keyring", target / "keyring")

    def _prepare(self, domain: str, tenant: str, credential: dict[str, str]) -> dict[str, Any]:
        if not (self.folder / "keyring").exists():
            self._records = self.cli("init")["records"]
        self.cli("tenant", "create", tenant)
        records = self.cli("domain", "add", domain, "--tenant", tenant)["records"]
        self.cli("domain", "verify", domain, "--force")
        made: dict[str, Any] = self.credential(tenant, **credential)
        return made | {"records": [(r["name"], r["type"], r["value"]) for r in records + self._records]}

    def credential(self, tenant: str = "customer", **options: str) -> dict[str, Any]:
        """Create a credential; options as the verb's, such as ``stream="personal"``."""
        words = [word for key, value in options.items() for word in (f"--{key}", value)]
        made: dict[str, Any] = self.cli("credential", "create", "--tenant", tenant, *words)
        return made

    def _environment(self) -> dict[str, str]:
        plain = {key: value for key, value in os.environ.items() if not key.startswith("ESTAFETTE_")}
        return plain | self.environment

    def start(self, within: float = 60.0) -> None:
        """Start and return once it printed ``ready``."""
        words = ["serve", "--config", str(self.config)]
        words += [word for role in self.roles for word in ("--role", role)]
        self._unproved = True
        with self.log.open("ab") as log:
            if self.environment or self.wrapper or not verbs().here:
                self._process = subprocess.Popen(
                    [*self.wrapper, str(ESTAFETTE), *words], stdout=subprocess.PIPE, stderr=log, text=True,
                    env=self._environment(), start_new_session=True,
                )  # fmt: skip
            else:
                self._process = verbs().start(words, log, self._environment())
        assert self._process.stdout is not None
        until = time.monotonic() + within
        while time.monotonic() < until and self._process.poll() is None:
            if select.select([self._process.stdout], [], [], 0.2)[0] and "ready" in self._process.stdout.readline():
                return
        self.kill()
        raise AssertionError(f"serve was not ready:\n{self.log.read_text()[-4000:]}")

    @property
    def running(self) -> bool:
        """True while the supervisor lives."""
        return self._process is not None and self._process.poll() is None

    def stop(self, within: float = 60.0) -> None:
        """Stop by SIGTERM and see that it leaves in time, with status 0, and with a ledger that adds up."""
        if self._process is None:
            return
        os.kill(self._supervisor(), signal.SIGTERM)
        try:
            status = self._process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"no end {within} s after SIGTERM:\n{self.log.read_text()[-3000:]}") from None
        self._forget()
        assert status == 0, f"serve left with {status}:\n{self.log.read_text()[-3000:]}"
        self.ledger()

    def kill(self) -> None:
        """SIGKILL to every process of the service at once, as a power switch does to processes."""
        if self._process is not None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self._process.wait(10)
            self._forget()

    def _supervisor(self) -> int:
        """Return the supervisor's pid, which under a wrapper is the wrapper's child."""
        assert self._process is not None
        if not self.wrapper:
            return self._process.pid
        return int(Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()[0])

    def _forget(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    def processes(self) -> dict[int, str]:
        """Return pid -> command line of every process of the service's group."""
        assert self._process is not None
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[2]) == self._process.pid and fields[0] != "Z":
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (OSError, IndexError):
                continue
        return found

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        assert self._process is not None
        return self._process.pid

    def ledger(self) -> None:
        """Fail unless ``estafette ledger`` proves that every recipient is accounted for."""
        done = self.run("ledger", check=False)
        assert done.returncode == 0, (done.stdout + done.stderr).decode()
        self._unproved = self.running

    def events(self, **selection: str) -> list[dict[str, Any]]:
        """Return the event log; selection as the verb's, such as ``kind="failed"``."""
        words = [word for key, value in selection.items() for word in (f"--{key}", value)]
        return [json.loads(line) for line in self.run("events", *words).stdout.splitlines()]

    def prove(self) -> None:
        """Stop when it runs; fail unless the ledger adds up, also after the last kill."""
        self.stop()
        if self._unproved:
            self.ledger()

    def waiting(self) -> list[dict[str, Any]]:
        """Return what the queue holds."""
        items: list[dict[str, Any]] = self.cli("queue", "list")["items"]
        return items

    def drained(self, within: float = 60.0, *, but: int = 0) -> None:
        """Return when nothing waits any more but so many; AssertionError with the queue when that takes too long."""
        until = time.monotonic() + within
        while self._key and self._queued(but + 1) > but and time.monotonic() < until:
            time.sleep(0.1)
        while len(left := self.waiting()) > but:
            assert time.monotonic() < until, f"still waiting: {left[:3]}\n{self.log.read_text()[-3000:]}"
            time.sleep(0.2)

    def _queued(self, most: int) -> int:
        """Return how many wait for the prepared tenant, as the API says: a verb would be a process for each look."""
        place = f"http://{self.address}:{self.http}/v1/queue?limit={most}"
        request = urllib.request.Request(place, headers={"Authorization": f"Bearer {self._key}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return len(json.load(answer)["items"])
        except OSError:
            return 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if kind is None:
            self.prove()
        else:
            self.kill()
