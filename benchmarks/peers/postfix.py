"""Postfix as a peer, from the unpacked tree, alone or with OpenDKIM beside it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from tests.servers import packages
from tests.servers.postfix import Postfix as Instance

from benchmarks.accounting import Group

PLAIN = {
    "relayhost": "[127.0.0.1]:{sink}",
    "smtp_tls_security_level": "none",
    "smtpd_tls_security_level": "none",
}
TUNED = PLAIN | {
    "default_destination_concurrency_limit": "20",
    "smtp_destination_concurrency_limit": "20",
    "initial_destination_concurrency": "20",
    "default_process_limit": "250",
    "in_flow_delay": "0",
    "smtp_connection_cache_on_demand": "yes",
    "smtp_connection_cache_destinations": "[127.0.0.1]:{sink}",
    "smtp_connection_reuse_time_limit": "600s",
    "qmgr_message_active_limit": "50000",
}
DKIM = """Mode s
Domain bench.example
Selector s1
KeyFile {folder}/dkim.key
Socket inet:{port}@127.0.0.1
Canonicalization relaxed/relaxed
SignatureAlgorithm rsa-sha256
InternalHosts 127.0.0.0/8
PidFile {folder}/opendkim.pid
Background yes
Syslog no
TemporaryDirectory {folder}
RequireSafeKeys no
"""
SECURED = {
    "smtpd_tls_security_level": "may",
    "smtp_tls_security_level": "encrypt",
    "smtpd_tls_cert_file": "{certificate}",
    "smtpd_tls_key_file": "{key}",
    "smtp_tls_session_cache_database": "",
    "smtpd_tls_session_cache_database": "",
}
AUTHENTICATED = {
    "smtpd_sasl_auth_enable": "yes",
    "smtpd_sasl_type": "cyrus",
    "smtpd_sasl_path": "smtpd",
    "smtpd_sasl_local_domain": "bench",
    "smtpd_tls_auth_only": "yes",
    "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
    "smtpd_recipient_restrictions": "permit_sasl_authenticated, reject",
}
SASL = """pwcheck_method: auxprop
auxprop_plugin: sasldb
mech_list: PLAIN
sasldb_path: {folder}/sasldb2
"""
LOGIN = ("load", "a-password-of-the-benchmark")
PLUGINS = (packages.TREE / "usr/lib/x86_64-linux-gnu/sasl2", Path("/usr/lib/x86_64-linux-gnu/sasl2"))


def can_authenticate() -> bool:
    """True when Cyrus SASL with its own password file is to be had for smtpd."""
    try:
        packages.program("saslpasswd2")
    except FileNotFoundError:
        return False
    return any((folder / "libsasldb.so").exists() and (folder / "libplain.so").exists() for folder in PLUGINS)


class Postfix:
    """mode: ``hold`` accepts and rests, as it comes; ``dkim`` signs by OpenDKIM's milter and relays, tuned.

    tls: (certificate, key): STARTTLS in and out, and AUTH for ``LOGIN`` where Cyrus SASL is to be had.
    """

    name = "postfix"

    def __init__(
        self, folder: Path, *, mode: str, port: int = 2525, sink: int = 2526, milter: int = 8891,
        tls: tuple[Path, Path] | None = None, more: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.folder = folder / "postfix"
        self.mode = mode
        self.port = port
        self._sink = sink
        self._milter = milter
        self._tls = tls
        self._more = more or {}
        self.login = LOGIN if tls and can_authenticate() else None
        self._instance: Instance | None = None
        self._opendkim = False

    def prepare(self) -> None:
        """Make an empty queue."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for folder in (self.folder, *self.folder.parents):
            if folder.stat().st_uid == 0 and folder != Path("/"):
                folder.chmod(folder.stat().st_mode | 0o011)

    def start(self, group: Group) -> None:
        """Start inside an accounting group, by a parent that is in it."""
        lines = PLAIN if self.mode == "hold" else TUNED
        settings = {key: value.format(sink=self._sink) for key, value in lines.items()}
        if self.mode == "hold":
            settings["smtpd_client_restrictions"] = "check_client_access static:HOLD"
        else:
            self._start_opendkim(group)
            settings |= {"smtpd_milters": f"inet:127.0.0.1:{self._milter}", "milter_default_action": "tempfail"}
        settings |= self._secured()
        self._instance = Instance(
            self.folder / "instance",
            name="mx.bench.example",
            address="127.0.0.1",
            port=self.port,
            settings=settings | self._more,
        )
        (self.folder / "instance").mkdir(exist_ok=True)
        own = Path(f"{group.folder}/cgroup.procs")
        home = group.folder.parent / "cgroup.procs"
        group.enter()
        try:
            self._instance.__enter__()
        finally:
            home.write_text(str(os.getpid()))
        assert own.exists()

    def _secured(self) -> dict[str, str]:
        """Return the settings of TLS and AUTH, with their files made."""
        if self._tls is None:
            return {}
        lines = SECURED | (AUTHENTICATED if self.login else {})
        if self.login:
            sasl = self.folder / "instance/etc/sasl"  # where Debian's Postfix looks first, whatever its settings say
            sasl.mkdir(parents=True)
            (sasl / "smtpd.conf").write_text(SASL.format(folder=sasl))
            words = [packages.program("saslpasswd2"), "-p", "-c", "-u", "bench", "-f", str(sasl / "sasldb2"), LOGIN[0]]
            subprocess.run(words, input=LOGIN[1].encode(), env=packages.environment(), check=True, capture_output=True)
            (sasl / "sasldb2").chmod(0o644)
        certificate, key = self._tls
        return {name: value.format(certificate=certificate, key=key) for name, value in lines.items()}

    def _start_opendkim(self, group: Group) -> None:
        key = self.folder / "dkim.key"
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
        key.chmod(0o600)
        config = self.folder / "opendkim.conf"
        config.write_text(DKIM.format(folder=self.folder, port=self._milter))
        subprocess.run(
            [packages.program("opendkim"), "-x", str(config)],
            env=packages.environment(),
            check=True,
            preexec_fn=group.enter,
        )
        self._opendkim = True
        time.sleep(0.3)

    def stop(self) -> None:
        """End Postfix and the milter."""
        if self._instance is not None:
            self._instance.__exit__(None, None, None)
            self._instance = None
        if self._opendkim:
            pid = (self.folder / "opendkim.pid").read_text().strip()
            if re.fullmatch(r"\d+", pid):
                subprocess.run(["kill", pid], check=False)
            self._opendkim = False
