"""A company's mailboxes: Dovecot's LMTP server, unpacked, with the users that a test names."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import loopback, packages

_CONFIG = """base_dir = {folder}/run
state_dir = {folder}/state
libexec_dir = {tree}/usr/lib/dovecot
mail_plugin_dir = {tree}/usr/lib/dovecot/modules
import_environment = TZ LD_LIBRARY_PATH
protocols = lmtp
auth_username_format = %Ln
log_path = {folder}/dovecot.log
default_internal_user = mail
default_internal_group = mail
default_login_user = nobody
first_valid_uid = 1
mail_location = maildir:%h
mail_plugins = quota
ssl = {ssl}
{certificate}
userdb {{
  driver = passwd-file
  args = {folder}/users
}}
passdb {{
  driver = static
  args = password=none
}}
plugin {{
  quota = maildir:User quota
  quota_rule = *:storage=1G
}}
service lmtp {{
  inet_listener lmtp {{
    address = {address}
    port = {port}
  }}
}}
"""
#: Extra field of a user whose mailbox takes nothing: 552 after the message, a final no.
FULL = "userdb_quota_rule=*:bytes=10"


class Dovecot:
    """Takes mail for ``users`` by LMTP; everybody else is refused at RCPT. Needs root for its own folder of modules.

    users: name -> extra field of the user database, "" for none. tls: (chain, key) for STARTTLS.
    """

    def __init__(
        self, folder: Path, *, users: dict[str, str], tls: tuple[Path, Path] | None = None, port: int = 0
    ) -> None:
        self.folder = folder
        self.address = loopback.address()
        self.port = port or loopback.port(self.address)
        self._users = users
        self._tls = tls
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def target(self) -> str:
        """What a route that forwards here has as its target."""
        return f"lmtp://{self.address}:{self.port}"

    def mailbox(self, user: str) -> Path:
        """Return the folder of a user's mail; without its right to be written nothing is taken for now."""
        return self.folder / "mail" / user

    def messages(self, user: str) -> list[bytes]:
        """Return the messages of a user with CRLF lines, oldest first."""
        files = sorted((self.mailbox(user) / "new").glob("*"), key=lambda path: path.stat().st_mtime_ns)
        return [path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for path in files]

    def wait(self, user: str, count: int = 1, within: float = 60.0) -> list[bytes]:
        """Return a user's messages as soon as there are ``count``; AssertionError with Dovecot's log."""
        until = time.monotonic() + within
        while len(found := self.messages(user)) < count:
            assert time.monotonic() < until, f"{len(found)} of {count} messages came:\n{self.log()[-3000:]}"
            time.sleep(0.05)
        return found

    def log(self) -> str:
        """Return what Dovecot said."""
        return "".join(
            path.read_text(errors="replace")
            for path in (self.folder / "start.log", self.folder / "dovecot.log")
            if path.exists()
        )

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        lines = []
        for user, extra in self._users.items():
            self.mailbox(user).mkdir(parents=True, exist_ok=True)
            shutil.chown(self.mailbox(user), "mail", "mail")
            lines.append(f"{user}::8:8::{self.mailbox(user)}::{extra}\n")
        (self.folder / "users").write_text("".join(lines))
        certificate = f"ssl_cert = <{self._tls[0]}\nssl_key = <{self._tls[1]}" if self._tls else ""
        settings = _CONFIG.format(
            folder=self.folder, tree=packages.TREE, address=self.address, port=self.port,
            ssl="yes" if self._tls else "no", certificate=certificate,
        )  # fmt: skip
        (self.folder / "dovecot.conf").write_text(settings)

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            raise PermissionError("a mount namespace needs root")
        self._prepare()
        environment = packages.environment()
        environment["LD_LIBRARY_PATH"] += f":{packages.TREE}/usr/lib/dovecot"
        tree, config = packages.TREE, self.folder / "dovecot.conf"
        # Its modules are looked for where Debian would have installed them.
        script = (
            "set -e; mount --make-rprivate /;"
            f" mount -t overlay overlay -o lowerdir={tree}/usr/lib:/usr/lib /usr/lib;"
            f" exec {tree}/usr/bin/doveconf -c {config} -p -e {tree}/usr/sbin/dovecot -F -c {config}"
        )
        with (self.folder / "start.log").open("ab") as log:
            self._process = subprocess.Popen(
                ["unshare", "-m", "sh", "-c", script], env=environment, stdout=log, stderr=log, start_new_session=True
            )
        try:
            loopback.await_port(self.address, self.port, 30)
        except TimeoutError:
            self.__exit__(None, None, None)
            raise RuntimeError(f"Dovecot does not start: {self.log()[-3000:]}") from None
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if self._process is not None:
            try:
                os.killpg(self._process.pid, signal.SIGTERM)
                self._process.wait(10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                self._process.kill()
                self._process.wait(10)
            self._process = None
