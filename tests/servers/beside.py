"""Exim and OpenSMTPD, which Debian does not let stand beside Postfix: each unpacked into a tree of its own.

Both insist on users of their own and on folders of the system: they run as root in a mount namespace where these are.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import loopback, packages

#: folder below the cache -> (Debian package, program looked for)
TREES = {"exim": ("exim4-daemon-light", "usr/sbin/exim4"), "opensmtpd": ("opensmtpd", "usr/sbin/smtpd")}
_USERS = ("Debian-exim", "opensmtpd", "opensmtpq")
_FIRST_ID = 64_990


def tree(name: str) -> Path:
    """Return the tree of a server, unpacked when it is not there; RuntimeError when it cannot be had."""
    package, program = TREES[name]
    folder = packages.CACHE / name
    packages.CACHE.mkdir(parents=True, exist_ok=True)
    with (packages.CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / program).exists():
            packages.update()
            packages.unpack([package], folder, packages.CACHE / f"deb-{name}")
    return folder


class _Beside:
    """One server in its namespace. back: where reports go. refuser: a server behind it that knows nobody of a domain."""

    server = ""
    #: Lines of the shell that prepare its folders, and the command.
    script = ""

    def __init__(
        self, folder: Path, *, back: tuple[str, int], refuser: tuple[str, int] = ("", 0), port: int,
        domain: str = "late.test",
    ) -> None:  # fmt: skip
        self.folder = folder
        self.address = loopback.address()
        self.port = port
        self._back, self._refuser = back, refuser
        self._domain = domain
        self._process: subprocess.Popen[bytes] | None = None

    def log(self) -> str:
        """Return what it said."""
        found = [path for path in self.folder.rglob("*log*") if path.is_file()]
        return "\n".join(path.read_text(errors="replace") for path in found)

    def configuration(self) -> str:
        raise NotImplementedError

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            raise PermissionError("a mount namespace needs root")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        where = tree(self.server)
        for name in ("passwd", "group"):
            extra = "".join(
                f"{user}:x:{number}:{number}::/:/bin/false\n" if name == "passwd" else f"{user}:x:{number}:\n"
                for number, user in enumerate(_USERS, _FIRST_ID)
            )
            (self.folder / name).write_text(Path("/etc", name).read_text() + extra)
        (self.folder / "conf").write_text(self.configuration())
        libraries = [where / "usr/lib/x86_64-linux-gnu", where / "lib/x86_64-linux-gnu"]
        # A program that starts itself anew under another user finds its libraries by the system's cache alone.
        (self.folder / "ld.conf").write_text("".join(f"{each}\n" for each in libraries) + "include /etc/ld.so.conf\n")
        script = (
            f"set -e; mount --make-rprivate /; ldconfig -f {self.folder}/ld.conf -C {self.folder}/ld.cache;"
            f" mount --bind {self.folder}/ld.cache /etc/ld.so.cache; mount --bind {self.folder}/passwd /etc/passwd;"
            f" mount --bind {self.folder}/group /etc/group; {self.script.format(folder=self.folder, tree=where)}"
        )
        environment = packages.environment()
        environment["LD_LIBRARY_PATH"] = ":".join([*map(str, libraries), environment["LD_LIBRARY_PATH"]])
        with (self.folder / "start.log").open("wb") as log:
            self._process = subprocess.Popen(
                ["unshare", "-m", "sh", "-c", script], env=environment, stdout=log, stderr=log, start_new_session=True
            )
        try:
            loopback.await_port(self.address, self.port, 30)
        except TimeoutError:
            self.__exit__(None, None, None)
            raise RuntimeError(f"{self.server} does not start: {self.log()[-3000:]}") from None
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if self._process is not None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self._process.wait(10)
            self._process = None


class Exim(_Beside):
    """Takes mail for its domain and fails it afterwards; reports go back to the service."""

    server = "exim"
    script = (
        "mkdir -p {folder}/spool {folder}/logs; chown -R Debian-exim:Debian-exim {folder}/spool {folder}/logs;"
        " exec {tree}/usr/sbin/exim4 -C {folder}/conf -bdf -q1s"
    )

    def configuration(self) -> str:
        """Return the configuration (Exim specification, chapter 7)."""
        host, port = self._back
        return f"""primary_hostname = exim.late.test
exim_user = Debian-exim
exim_group = Debian-exim
spool_directory = {self.folder}/spool
log_file_path = {self.folder}/logs/%slog
pid_file_path = {self.folder}/exim.pid
daemon_smtp_ports = {self.port}
local_interfaces = {self.address}
tls_advertise_hosts =
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
exim_path = {packages.CACHE}/exim/usr/sbin/exim4
deliver_drop_privilege = true
acl_smtp_rcpt = taken
acl_smtp_data = taken
begin acl
taken:
  accept
begin routers
back:
  driver = manualroute
  domains = bounces.relay.test
  transport = wire
  route_list = * {host} byname
  self = send
gone:
  driver = redirect
  domains = {self._domain}
  data = :fail: 550 5.1.1 this mailbox is gone
  allow_fail
begin transports
wire:
  driver = smtp
  port = {port}
  hosts_avoid_tls = *
  allow_localhost
begin retry
* * F,1h,1s
"""


class OpenSmtpd(_Beside):
    """Takes mail for its domain and learns from a server behind it that nobody is there."""

    server = "opensmtpd"
    script = (
        "mount -t tmpfs none /var/spool; mount -t tmpfs none /run;"  # its control socket is one for all, too
        " mkdir -p /var/spool/smtpd /var/lib/opensmtpd/empty /run/opensmtpd;"
        " chmod 711 /var/spool/smtpd; mkdir -p /var/empty; exec {tree}/usr/sbin/smtpd -d -f {folder}/conf"
    )

    def configuration(self) -> str:
        """Return the configuration (smtpd.conf(5))."""
        (back, back_port), (refuser, refuser_port) = self._back, self._refuser
        return f"""listen on {self.address} port {self.port} hostname smtpd.late.test
action back relay host smtp://{back}:{back_port}
action onward relay host smtp://{refuser}:{refuser_port}
match from any for domain "bounces.relay.test" action back
match from any for domain "{self._domain}" action onward
"""
