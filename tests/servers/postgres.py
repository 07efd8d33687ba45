"""A private PostgreSQL from the unpacked tree: an unprivileged user, a Unix socket, no port, no syncs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql
from tests.servers import packages

_BINARIES = packages.TREE / f"usr/lib/postgresql/{packages.POSTGRESQL}/bin"
_NOBODY = 65534
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "jit": "off",
    "autovacuum": "off",
}


class Postgres:
    """One server with as many databases as are asked for; ``stop`` and ``start`` are what a restart does."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="estafette-pg-"))  # short: a socket's path has 107 octets
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            shutil.chown(self._folder, _NOBODY, _NOBODY)
        initdb = [str(_BINARIES / "initdb"), "-D", str(self._folder / "data"), "-U", "estafette", "-A", "trust"]
        done = subprocess.run(
            [*initdb, "-E", "UTF8", "--locale=C", "--no-sync"], capture_output=True, text=True, **self._rights()
        )
        if done.returncode:
            raise RuntimeError(f"initdb: {done.stdout[-400:]} {done.stderr[-400:]}")
        self.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = [str(_BINARIES / "postgres"), "-D", str(self._folder / "data"), "-k", str(self._folder), *options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **self._rights())
        until = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"PostgreSQL does not start: {self.log()}") from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop at once, breaking every connection."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None

    def log(self) -> str:
        """Return what the server said."""
        return (self._folder / "log").read_text(errors="replace")[-4000:]

    def url(self, database: str) -> str:
        """Return the address of a database, in the form of ``store.url``."""
        return f"postgresql://estafette:secret@/{database}?host={self._folder}"

    def database(self, template: str = "template1") -> str:
        """Make a database, as a copy of another one, and return its name."""
        name = f"d{next(self._numbers)}"
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log", name, template)
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        self._run("DROP DATABASE {} WITH (FORCE)", name)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _rights(self) -> dict[str, Any]:
        rights: dict[str, Any] = {"env": packages.environment(), "cwd": self._folder}
        if os.geteuid() == 0:  # PostgreSQL refuses to be root
            rights |= {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
        return rights
