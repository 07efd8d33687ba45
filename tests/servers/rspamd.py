"""rspamd, unpacked: its normal worker alone, with the modules of SPF, DKIM and DMARC, and DNS of the test's own."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import loopback, packages

_CONFIG = """options {{
  pidfile = "{folder}/rspamd.pid";
  filters = "dkim,regexp";
  tempdir = "{folder}";
  url_tld = "{folder}/tld.dat";
  control_socket = "{folder}/rspamd.sock mode=0600";
  rrd = "{folder}/rspamd.rrd";
  local_addrs = "192.0.2.0/24";
  dns {{ nameserver = ["{dns}:53:1"]; timeout = 2s; }}
}}
logging {{ type = "file"; filename = "{folder}/rspamd.log"; level = "info"; }}
worker "normal" {{ bind_socket = "{address}:{port}"; count = 1; }}
modules {{ path = "{tree}/usr/share/rspamd/plugins/spf.lua"; path = "{tree}/usr/share/rspamd/plugins/dmarc.lua"; }}
dkim {{ check_local = true; check_authed = true; }}
spf {{ check_local = true; check_authed = true; }}
dmarc {{ check_local = true; check_authed = true; }}
.include "$CONFDIR/metrics.conf"
actions {{ reject = 15; add_header = 6; }}
"""


class Rspamd:
    """Answers ``/checkv2`` at ``url``. dns: address of a DNS server on port 53."""

    def __init__(self, folder: Path, *, dns: str) -> None:
        self.folder = folder
        self.address = loopback.address()
        self.port = loopback.port(self.address)
        self._dns = dns
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What the setting ``inbound.rspamd`` has."""
        return f"http://{self.address}:{self.port}"

    def log(self) -> str:
        """Return what rspamd said."""
        found = [self.folder / "start.log", self.folder / "rspamd.log"]
        return "".join(path.read_text(errors="replace") for path in found if path.exists())

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        tree = packages.TREE
        config = self.folder / "rspamd.conf"
        config.write_text(
            _CONFIG.format(folder=self.folder, tree=tree, address=self.address, port=self.port, dns=self._dns)
        )
        (self.folder / "tld.dat").write_text("com\norg\ntest\n")  # the real list takes half a minute to compile
        environment = packages.environment()
        environment["LD_LIBRARY_PATH"] += f":{tree}/usr/lib/rspamd"
        folders = {
            "CONFDIR": f"{tree}/etc/rspamd", "LOCAL_CONFDIR": str(self.folder), "SHAREDIR": f"{tree}/usr/share/rspamd",
            "PLUGINSDIR": f"{tree}/usr/share/rspamd/plugins", "RULESDIR": f"{tree}/usr/share/rspamd/rules",
            "LUALIBDIR": f"{tree}/usr/share/rspamd/lualib", "DBDIR": str(self.folder), "RUNDIR": str(self.folder),
            "LOGDIR": str(self.folder), "WWWDIR": f"{tree}/usr/share/rspamd/www",
        }  # fmt: skip
        with (self.folder / "start.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    packages.program("rspamd"), "-f", "-i", "-c", str(config),
                    *(f"--var={name}={value}" for name, value in folders.items()),
                ],
                env=environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            loopback.await_port(self.address, self.port, 30)
        except TimeoutError:
            self.__exit__(None, None, None)
            raise RuntimeError(f"rspamd does not start: {self.log()[-3000:]}") from None
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None
