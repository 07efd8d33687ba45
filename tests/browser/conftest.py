"""A developer's service and a real browser."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from tests.servers import chromium, loopback

PROGRAM = (str(Path(sys.executable).parent / "estafette"),)
HTML = """From: Shop <shop@example.com>\r\nTo: jane@simulator.test\r\nSubject: Your order <script>alert(1)</script>\r
MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r
<h1>Thank you</h1><script>document.title = "owned"</script><img src="http://127.0.0.1:{port}/x.png" alt="logo"><p>Zoë's order</p>\r
"""


class Dev:
    """``estafette dev`` over a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.smtp, self.http = loopback.port("127.0.0.1"), loopback.port("127.0.0.1")
        self._log, self._file = folder / "log", folder / "estafette.toml"
        self._file.write_text(
            f'[store]\nurl = "sqlite://{folder}/data"\n[secrets]\nkeyring_file = "{folder}/data/keyring"\n'
        )
        self._pictures = socket.create_server(("127.0.0.1", 0))
        self._pictures.setblocking(False)
        command = [*PROGRAM, "dev", "--data", str(folder / "data")]
        command += ["--smtp-port", str(self.smtp), "--http-port", str(self.http)]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self._process.stdout is not None
        self.said: list[str] = []
        for line in self._process.stdout:
            self.said.append(line.strip())
            if line.strip() == "ready":
                break
        self.user = next(line.split()[1] for line in self.said if line.startswith("user"))
        self.password = next(line.split()[1] for line in self.said if line.startswith("password"))
        self.key = next(line.partition("Bearer ")[2].partition("'")[0] for line in self.said if "Bearer " in line)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http}"

    def submit(self, text: str, to: str = "jane@simulator.test") -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=30) as client:
            client.login(self.user, self.password)
            client.sendmail("shop@example.com", [to], text.encode())

    def verb(self, *arguments: str) -> dict:
        """Return what a verb prints about the same store."""
        command = [*PROGRAM, *arguments, "--json", "--config", str(self._file)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def letter(self) -> str:
        """Return a hostile letter whose picture points at a door that we watch."""
        return HTML.replace("{port}", str(self._pictures.getsockname()[1]))

    def picture_was_fetched(self) -> bool:
        """Whether anybody knocked at that door."""
        try:
            self._pictures.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        self._pictures.close()
        self._process.send_signal(signal.SIGTERM)
        status = self._process.wait(60)
        assert self._process.stdout is not None
        self._process.stdout.close()
        assert status == 0, self._log.read_text()


@pytest.fixture(scope="module")
def dev(tmp_path_factory):
    service = Dev(tmp_path_factory.mktemp("dev"))
    yield service
    service.close()


@pytest.fixture(scope="module")
def browser():
    try:
        path = chromium.ensure()
    except FileNotFoundError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("CHROMIUM IS MISSING: install it, or run as root")
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        yield running
        running.close()
