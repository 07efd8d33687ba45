"""A service shared by many: 10,000 tenants with 100,000 credentials beside one of each."""

from __future__ import annotations

import json
import smtplib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.accounting import Group
from benchmarks.load import Measured
from benchmarks.own import Generator, p99
from benchmarks.peers.estafette import Estafette
from benchmarks.rows.row import FOLDER, Row, interleaved, say, spread
from estafette.base.seal import Keyring
from estafette.store.interface.page import Page
from estafette.store.tables.control import open_control
from estafette.tenancy import audit, credentials, domains, suppressions, tenants
from estafette.tenancy.office import Office

TENANTS, CREDENTIALS, LISTED = 10_000, 100_000, 100_000
_MESSAGES = 6_000


class Crowded(Estafette):
    """Estafette whose control tables are full, delivery held; everybody logs in by password."""

    def __init__(self, folder: Path, many: int, credentials: int) -> None:
        super().__init__(folder, mode="hold", place=f"crowd-{credentials}")
        self._many, self._credentials = many, credentials

    def prepare(self) -> None:
        """Fill the tables, once: only mail is new in each round."""
        if not self.folder.exists():
            super().prepare()
            order = {
                "url": f"sqlite:///{self.folder}/data", "keyring": f"{self.folder}/keyring", "tenants": self._many,
                "credentials": self._credentials, "suppressions": LISTED, "entries": LISTED,
            }  # fmt: skip
            subprocess.run([sys.executable, "-m", "benchmarks.crowd", json.dumps(order)], check=True)

    def run(self) -> Measured:
        """Take mail: connection, AUTH, one message, goodbye, each time as somebody else."""
        group = Group("peer")
        self.prepare()
        try:
            self.start(group)
            time.sleep(1.5)
            before = group.cpu()
            load = Generator(
                port=self.port, messages=_MESSAGES, sessions=20, length=2048, keep=False,
                logins=self._credentials, tenants=self._many,
            )  # fmt: skip
            report = load.result()
            if report["refused"]:
                raise RuntimeError(f"{len(report['refused'])} refused: {report['refused'][0]}")
            took = report["ended"] - report["began"]
            time.sleep(0.5)
            return Measured(_MESSAGES / took, (group.cpu() - before) / _MESSAGES * 1000, group.largest_rss())
        finally:
            self.stop()
            group.close()

    def revocation(self) -> float:
        """Return the seconds from the end of ``credential remove`` to the first refused log-in."""
        group = Group("peer")
        try:
            self.start(group)
            self._log_in()
            self.cli("credential", "remove", "u5")
            began = time.monotonic()
            while time.monotonic() < began + 30:
                try:
                    self._log_in()
                except smtplib.SMTPAuthenticationError:
                    return time.monotonic() - began
            return float("inf")
        finally:
            self.stop()
            group.close()

    def _log_in(self) -> None:
        with smtplib.SMTP("127.0.0.1", self.port) as client:
            client.login("u5", "p5")


def _lists(folder: Path) -> list[float]:
    """Return the sorted times of pages of every list, at its beginning and far inside, in ms."""
    control = open_control(folder / "data")
    office = Office(control=control, keyring=Keyring.load(folder / "keyring"), now=time.time)
    reads: list[Callable[[Page], dict[str, Any]]] = [
        lambda page: tenants.list_all(office, page=page),
        lambda page: credentials.list_all(office, page=page),
        lambda page: credentials.list_all(office, "t5", page=page),
        lambda page: domains.list_all(office, page=page),
        lambda page: suppressions.list_all(office, page=page),
        lambda page: suppressions.list_all(office, "t0", page=page),
        lambda page: audit.list_all(office, page=page),
    ]
    times = [each for read in reads for each in _walk(read)]
    control.close()
    return sorted(times)


def _walk(read: Callable[[Page], dict[str, Any]]) -> list[float]:
    times, after = [], ""
    for number in range(100):
        began = time.perf_counter()
        found = read(Page(limit=100, after=after))
        times.append((time.perf_counter() - began) * 1000)
        for _ in range(5 if number < 50 else 0):  # strides, so that the walk gets far
            if found["next"]:
                found = read(Page(limit=200, after=found["next"]))
        after = str(found["next"] or "")
    return times


def crowd(rounds: int) -> list[Row]:
    """Authenticated intake among many, what a list costs, and how soon a revocation is seen everywhere."""
    one, many = Crowded(FOLDER, 1, 1), Crowded(FOLDER, TENANTS, CREDENTIALS)
    alone, among = interleaved(rounds, one.run, many.run)
    ratios = [second.cpu_ms / first.cpu_ms for first, second in zip(alone, among, strict=True)]
    lists = _lists(many.folder)
    say(f"lists: median {statistics.median(lists):.1f} ms, most {lists[-1]:.1f} ms")
    seen = [many.revocation()]
    return [
        Row(
            "tenants, CPU per message among 100,000 / alone", "< 1.10", spread(ratios), statistics.median(ratios) < 1.1
        ),
        Row("tenants, CPU ms per log-in and message, alone", "-", spread([m.cpu_ms for m in alone]), True),
        Row("tenants, MB of the intake process among 100,000", "-", spread([m.rss_mb for m in among]), True),
        Row("tenants, start until ready among 100,000, s", "<= 10", f"{many.ready_after:.3g}", many.ready_after <= 10),
        Row("tenants, any list at 100,000 rows, p99 ms", "< 50", f"{p99(lists):.3g}", p99(lists) < 50),
        Row("tenants, revocation seen after s", "< 5", spread(seen), max(seen) < 5),
    ]
