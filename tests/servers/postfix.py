"""Private Postfix instances from the unpacked tree: one that receives, one that submits."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from email.message import EmailMessage
from pathlib import Path
from smtplib import SMTP
from types import TracebackType
from typing import Self

from tests.servers import loopback, packages

_QUEUES = (
    "active",
    "bounce",
    "corrupt",
    "defer",
    "deferred",
    "flush",
    "hold",
    "incoming",
    "private",
    "saved",
    "trace",
)
_MAIN = """compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
daemon_directory = {tree}/usr/lib/postfix/sbin
command_directory = {tree}/usr/sbin
meta_directory = {tree}/etc/postfix
shlib_directory = {tree}/usr/lib/postfix
import_environment = MAIL_CONFIG MAIL_LOGTAG TZ LANG=C LD_LIBRARY_PATH
mail_owner = mail
setgid_group = news
myhostname = {name}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
local_recipient_maps =
maillog_file_prefixes = {folder}
maillog_file = {folder}/mail.log
smtpd_peername_lookup = no
smtp_host_lookup = native
disable_dns_lookups = yes
message_size_limit = 60000000
mailbox_size_limit = 0
virtual_mailbox_limit = 0
"""
_SERVICES = """{address}:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """One Postfix instance; needs root, as Postfix itself does. ``settings`` are further lines of main.cf."""

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        port: int = 0,
        address: str = "",
        settings: dict[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.name = name
        self.address = address or loopback.address()
        self.port = port or loopback.port(self.address)
        self._fixed = bool(port)
        self._settings = settings or {}
        self._process: subprocess.Popen[bytes] | None = None

    def log(self) -> str:
        """Return what Postfix logged so far."""
        path = self.folder / "mail.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _prepare(self) -> None:
        for folder in (
            "etc",
            "spool/pid",
            "spool/public",
            "spool/maildrop",
            "data",
            *(f"spool/{name}" for name in _QUEUES),
        ):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        for folder in (*(f"spool/{name}" for name in _QUEUES), "data", "spool/public", "spool/maildrop"):
            shutil.chown(self.folder / folder, "mail")
        shutil.chown(self.folder / "spool/public", "mail", "news")
        (self.folder / "spool/public").chmod(0o710)
        shutil.chown(self.folder / "spool/maildrop", "mail", "news")
        (self.folder / "spool/maildrop").chmod(0o730)
        main = _MAIN.format(folder=self.folder, tree=packages.TREE, name=self.name)
        main += "".join(f"{key} = {value}\n" for key, value in self._settings.items())
        (self.folder / "etc/main.cf").write_text(main)
        host = f"[{self.address}]" if ":" in self.address else self.address
        (self.folder / "etc/master.cf").write_text(_SERVICES.format(address=host, port=self.port))

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            raise PermissionError("Postfix needs root")
        for attempt in range(3):
            if attempt:
                self.port = self.port if self._fixed else loopback.port(self.address)
            if self._start():
                return self
        raise RuntimeError(f"Postfix does not start: {self.log()} {(self.folder / 'start.log').read_text()}")

    def _wrapper(self) -> list[str]:
        return []

    def _start(self) -> bool:
        self._prepare()
        command = [str(packages.TREE / "usr/lib/postfix/sbin/master"), "-c", str(self.folder / "etc"), "-d"]
        command = [*self._wrapper(), *command]
        with (self.folder / "start.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, env=packages.environment(), stdout=log, stderr=log, start_new_session=True
            )
        try:
            loopback.await_port(self.address, self.port, 30)
        except TimeoutError:
            self.__exit__(None, None, None)
            return False
        return self._process.poll() is None

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


class PostfixSink(Postfix):
    """Receives for every address of its domains into one maildir; tests read the delivered octets.

    ``tls`` is (chain, key); without it STARTTLS is not offered.
    """

    def __init__(
        self, folder: Path, *, domains: tuple[str, ...], tls: tuple[Path, Path] | None = None, port: int = 0,
        address: str = "", settings: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        lines = {
            "virtual_mailbox_domains": " ".join(domains),
            "virtual_mailbox_base": f"{folder}/mail",
            "virtual_mailbox_maps": "static:all/",
            "virtual_minimum_uid": "1",
            "virtual_uid_maps": "static:8",
            "virtual_gid_maps": "static:8",
            "virtual_alias_maps": "",
            "smtpd_tls_security_level": "may" if tls else "none",
            "smtpd_tls_received_header": "yes",
            "smtpd_relay_restrictions": "permit_auth_destination, reject",
        }
        if tls:
            lines |= {"smtpd_tls_cert_file": str(tls[0]), "smtpd_tls_key_file": str(tls[1])}
        super().__init__(folder, name=f"mx.{domains[0]}", port=port, address=address, settings=lines | (settings or {}))
        self._maildir = folder / "mail"

    def _prepare(self) -> None:
        super()._prepare()
        self._maildir.mkdir(exist_ok=True)
        shutil.chown(self._maildir, "mail", "mail")

    def messages(self) -> list[bytes]:
        """Return delivered messages with CRLF lines, oldest first, as Postfix stored them."""
        files = sorted((self._maildir / "all/new").glob("*"), key=lambda path: path.stat().st_mtime_ns)
        return [path.read_bytes().replace(b"\n", b"\r\n") for path in files]

    def wait(self, count: int = 1, within: float = 60.0, *, has: bytes = b"") -> list[bytes]:
        """Return the messages that have some octets as soon as there are ``count``.

        AssertionError with Postfix's log when they fail to come.
        """
        until = time.monotonic() + within
        while len(found := [each for each in self.messages() if has in each]) < count:
            if time.monotonic() > until:
                raise AssertionError(f"{len(found)} of {count} messages came; Postfix says:\n{self.log()[-4000:]}")
            time.sleep(0.05)
        return found


class PostfixClient(Postfix):
    """Relays everything it is given to one smarthost, as a company's old mail server does."""

    def __init__(
        self,
        folder: Path,
        *,
        relay: tuple[str, int],
        ca_file: Path | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        lines = {"relayhost": f"[{relay[0]}]:{relay[1]}", "smtp_tls_security_level": "may"}
        if ca_file:
            lines |= {"smtp_tls_security_level": "encrypt", "smtp_tls_CAfile": str(ca_file)}
        super().__init__(folder, name="old.customer.test", settings=lines | (settings or {}))

    def send(self, message: EmailMessage, sender: str, recipients: list[str]) -> None:
        """Hand a message to this Postfix."""
        with SMTP(self.address, self.port, local_hostname="desk.customer.test") as client:
            client.send_message(message, sender, recipients)

    def flush(self) -> None:
        """Have what waits in its queue tried now."""
        command = [packages.program("postqueue"), "-c", str(self.folder / "etc"), "-f"]
        subprocess.run(command, env=packages.environment(), check=True, capture_output=True, timeout=30)


class PostfixOfElsewhere(PostfixSink):
    """The server of other people: takes mail for its domains, and brings what they write to whoever the DNS names.

    dns: address of a server at port 53, which it reads from a resolv.conf of its own. to: the port that stands for 25.
    """

    def __init__(self, folder: Path, *, domains: tuple[str, ...], port: int, dns: str, to: int) -> None:
        settings = {
            "disable_dns_lookups": "no", "smtp_host_lookup": "dns", "smtp_tcp_port": str(to), "relayhost": "",
            "smtpd_relay_restrictions": "permit_mynetworks, reject", "smtp_tls_security_level": "may",
            "minimal_backoff_time": "1s", "maximal_backoff_time": "1s", "queue_run_delay": "1s",
        }  # fmt: skip
        super().__init__(folder, domains=domains, port=port, settings=settings)
        self._dns = dns

    def _wrapper(self) -> list[str]:
        names = self.folder / "resolv.conf"
        names.write_text(f"nameserver {self._dns}\n")
        script = f'mount --make-rprivate / && mount --bind {names} /etc/resolv.conf && exec "$@"'
        return ["unshare", "-m", "sh", "-c", script, "sh"]
