"""The account of ``estafette dev``: made once in its folder, printed at every start."""

from __future__ import annotations

import json
import time
from pathlib import Path

import msgspec

from estafette.base.seal import Keyring
from estafette.config.schema import Settings
from estafette.store.tables.control import open_control
from estafette.tenancy import credentials, tenants
from estafette.tenancy.office import Office
from estafette.tenancy.permissions import Actor
from estafette.web.dashboard import session

SENDER = "shop@example.com"
RECIPIENT = "delivered@simulator.test"


class Account(msgspec.Struct, frozen=True):
    """What lets a developer in, everywhere."""

    username: str
    password: str
    api_key: str
    credential: str = ""

    def link(self, keyring: Keyring, now: float) -> str:
        """Return a token that logs in to the page once. now: unix seconds."""
        return session.token(keyring, "link", self.credential, now + session.LINK_LASTS)

    def welcome(self, smtp_port: int, http_port: int, link: str) -> str:
        """Return what to do next, in lines that can be copied. link: see ``link``."""
        page = f"http://127.0.0.1:{http_port}"
        body = json.dumps({"from": SENDER, "to": [RECIPIENT], "subject": "Hello", "text": "It works."})
        return "\n".join(
            [
                "Estafette is starting; mail is captured, nothing leaves this machine.",
                "",
                f"  page      {page}/",
                f"            {page}/login?token={link} (no password, works once)",
                f"  user      {self.username}",
                f"  password  {self.password}",
                f"  SMTP      127.0.0.1 port {smtp_port}, AUTH with the same user and password, no TLS",
                f"  API       {page}/v1/emails",
                "",
                f"  swaks --server 127.0.0.1:{smtp_port} --auth PLAIN --auth-user {self.username} \\",
                f"    --auth-password {self.password} --from {SENDER} --to {RECIPIENT}",
                "",
                f"  curl -sS {page}/v1/emails -H 'Authorization: Bearer {self.api_key}' \\",
                f"    -H 'Content-Type: application/json' -d '{body}'",
                "",
                "  other outcomes: bounce@ full@ slow@ greylist@ complaint@ simulator.test",
                "",
            ]
        )


def prepare(settings: Settings, data: Path) -> Account:
    """Create keyring, tables, tenant and credential where they are missing; return the account."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = data / "account.json"
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=Account)
    keyring = Keyring.create(settings.secrets.keyring_file, now=time.time())
    control = open_control(data, upgrade=True)
    try:
        office = Office(control=control, keyring=keyring, now=time.time, who=Actor(kind="cli", id="", name="dev"))
        tenant = str(tenants.create(office, "dev")["id"])
        made = credentials.create(office, tenant, name="dev")
    finally:
        control.close()
    account = Account(str(made["username"]), str(made["password"]), str(made["api_key"]), str(made["id"]))
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(account))
    return account
