"""``estafette dev`` as a user starts it: its own folder, the lines it prints, and a ledger at the end."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import loopback, packages
from tests.servers.service import ESTAFETTE


class Dev:
    """Started in ``folder`` on free ports; ``welcome`` is what it printed up to ``ready``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / ".estafette-dev"
        self.welcome = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        ports = ["--smtp-port", str(loopback.port()), "--http-port", str(loopback.port())]
        command = [str(ESTAFETTE), "dev", "--data", str(self.data), *ports]
        with (self.folder / "dev.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, cwd=self.folder, start_new_session=True
            )
        assert self._process.stdout is not None
        until = time.monotonic() + 60
        while "ready" not in self.welcome:
            assert self._process.poll() is None, (self.folder / "dev.log").read_text()[-3000:]
            assert time.monotonic() < until, f"not ready: {self.welcome}"
            if select.select([self._process.stdout], [], [], 0.2)[0]:
                self.welcome += os.read(self._process.stdout.fileno(), 65536).decode()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.send_signal(signal.SIGTERM)
        status = self._process.wait(60)
        self._process.stdout.close()
        if kind is None:
            assert status == 0, (self.folder / "dev.log").read_text()[-3000:]
            self.shell('"$ESTAFETTE" ledger')

    def line(self, tool: str) -> str:
        """Return the line printed for a tool, as it stands."""
        joined = self.welcome.replace("\\\n", " ")
        found = next(line.strip() for line in joined.splitlines() if re.match(rf"\s*(\$ )?{tool} ", line))
        return found.removeprefix("$ ")

    def shell(self, script: str) -> str:
        """Run lines as a user would in this folder; return what they print, fail when one of them fails."""
        own = {"ESTAFETTE": str(ESTAFETTE), "ESTAFETTE_STORE__URL": f"sqlite://{self.data}"}
        done = subprocess.run(
            ["bash", "-e", "-c", script], env=packages.environment() | own, capture_output=True, text=True, timeout=60,
            cwd=self.folder,
        )  # fmt: skip
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout
