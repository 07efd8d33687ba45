"""``estafette dev``: everything in one command on 127.0.0.1, mail captured instead of sent, nothing to configure."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from estafette.base.seal import Keyring
from estafette.config.schema import Settings
from estafette.runtime.dev_account import prepare
from estafette.runtime.supervisor import serve


def settings(data: Path, smtp_port: int, http_port: int, public_port: int) -> Settings:
    """Return settings of a development service over one folder. public_port: where readers' links lead."""
    return Settings.model_validate(
        {
            "store": {"url": f"sqlite:///{data.resolve()}".replace("////", "///")},
            "listen": {
                "submission": [f"127.0.0.1:{smtp_port}"],
                "submissions": [],
                "mx": [],
                "http": [f"127.0.0.1:{http_port}"],
                "public": [f"127.0.0.1:{public_port}"],
                "metrics": [],
                "allow_plaintext_auth": True,
            },
            "service": {
                "hostname": "localhost",
                "return_path": "bounces.localhost",
                "public_url": f"http://127.0.0.1:{public_port}",
            },
            "secrets": {"keyring_file": str(data.resolve() / "keyring")},
            "delivery": {"transport": "capture"},
            # A webhook under development listens on this machine.
            "outgoing": {"allow_networks": ["127.0.0.0/8", "::1/128"]},
            "webhooks": {"allow_http": True},
            "limits": {"free_disk": "1%"},
            "runtime": {"intake": 1, "courier": 1, "web": 1, "public": 1},
        }
    )


def run(data: Path, smtp_port: int, http_port: int, public_port: int = 0) -> int:
    """Prepare the folder, print how to use it, and serve until interrupted. public_port: 0 = one that is free."""
    chosen = settings(data, smtp_port, http_port, public_port or _free())
    account = prepare(chosen, data)
    chosen = chosen.model_copy(update={"send": {str(os.getuid()): account.username}})
    link = account.link(Keyring.load(chosen.secrets.keyring_file), time.time())
    print(account.welcome(smtp_port, http_port, link), flush=True)  # noqa: T201 - this is what the command is for
    return serve(chosen)


def _free() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as asked:
        port: int = asked.getsockname()[1]
        return port
