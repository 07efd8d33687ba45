"""A Postfix that takes mail only from who logs in, as a provider's smarthost does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.servers import packages
from tests.servers.postfix import PostfixSink

USER, PASSWORD, REALM = "relay", "s3cr:t/p@ss", "smart.test"


class PostfixSmarthost(PostfixSink):
    """Receives for ``example.test``; ``implicit`` speaks TLS from the first octet, without ``tls`` it offers none."""

    def __init__(
        self, folder: Path, address: str, *, tls: tuple[Path, Path] | None = None, implicit: bool = False
    ) -> None:
        plugins = packages.TREE / "usr/lib/x86_64-linux-gnu/sasl2"
        settings = {
            "import_environment": f"MAIL_CONFIG MAIL_LOGTAG TZ LANG=C LD_LIBRARY_PATH SASL_PATH={plugins}",
            "smtpd_sasl_auth_enable": "yes",
            "smtpd_sasl_local_domain": REALM,
            "smtpd_tls_auth_only": "yes" if tls else "no",
            "smtpd_tls_wrappermode": "yes" if implicit else "no",
            "smtpd_recipient_restrictions": "permit_sasl_authenticated, reject",
        }
        super().__init__(folder, domains=("example.test",), tls=tls, address=address, settings=settings)

    def _prepare(self) -> None:
        super()._prepare()
        sasl = self.folder / "etc/sasl"
        sasl.mkdir(exist_ok=True)
        words = f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\nsasldb_path: {sasl}/db\n"
        (sasl / "smtpd.conf").write_text(words)
        command = [packages.program("saslpasswd2"), "-c", "-p", "-f", str(sasl / "db"), "-u", REALM, USER]
        subprocess.run(command, input=PASSWORD.encode(), env=packages.environment(), check=True, capture_output=True)
        shutil.chown(sasl / "db", "mail")
