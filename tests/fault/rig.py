"""The service between a bookkeeping client and a bookkeeping receiver."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.fault.load import Load
from tests.servers import loopback
from tests.servers.certificates import Certificates
from tests.servers.dns import DnsServer
from tests.servers.service import MAIL, Service

#: Answered but not yet settled when a courier dies (architecture, section 4), plus what is in its DATA phase.
DUPLICATES = 256 + 100


class FaultRig:
    """One data folder through many rounds of failure; the books are compared at the end."""

    def __init__(
        self,
        folder: Path,
        certificates: Certificates,
        dns: DnsServer,
        settings: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        self.receiver_address = loopback.address()
        self.port = loopback.port(self.receiver_address)
        self.book = folder / "receiver.ids"
        self.dns = dns
        dns.mail_exchanger("sink.test", self.receiver_address)
        self.service = Service(folder, certificates, dns=dns.at, mx_port=self.port, settings=settings)
        self.service.roles = MAIL
        self.accepted: set[str] = set()
        self.sent: set[str] = set()
        self._receiver: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        made = self.service.prepare()
        self.dns.add(record for record in made["records"] if record[1] == "TXT")
        self.service.credential(network="127.0.0.0/8")
        program = str(Path(__file__).with_name("receiver.py"))
        command = [sys.executable, program, self.receiver_address, str(self.port), str(self.book)]
        self._receiver = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._receiver.stdout is not None
        assert "ready" in self._receiver.stdout.readline()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        try:
            self.service.__exit__(kind, _error, _tb)
        finally:
            self._end_receiver()

    def _end_receiver(self) -> None:
        if self._receiver is not None:
            self._receiver.kill()
            self._receiver.wait()
            assert self._receiver.stdout is not None
            self._receiver.stdout.close()

    def load(self, run: str, **how: Any) -> Load:
        """Return a client for one round; give it to ``keep`` afterwards."""
        return Load((self.service.address, self.service.submission), run, **how)

    def keep(self, load: Load) -> None:
        """Add a round's books."""
        self.accepted.update(load.accepted)
        self.sent.update(load.sent)

    @contextmanager
    def receiver_paused(self) -> Iterator[None]:
        """Let the receiver answer nothing for a while."""
        assert self._receiver is not None
        self._receiver.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._receiver.send_signal(signal.SIGCONT)

    def received(self) -> Counter[str]:
        """Return how often each id reached the receiver."""
        return Counter(self.book.read_text().split()) if self.book.exists() else Counter()

    def settle(self, kills: int, within: float = 60.0) -> dict[str, int]:
        """Let everything drain, stop cleanly, and compare: nothing lost, nothing invented, doubles bounded.

        Returns the counts, for the record.
        """
        until, least = time.monotonic() + within, len(self.accepted)
        while missing := self.accepted - set(self.received()):
            if len(missing) < least:
                until, least = time.monotonic() + within, len(missing)
            assert time.monotonic() < until, (
                f"{len(missing)} of {len(self.accepted)} lost: {sorted(missing)[:5]}\n{self._words()}"
            )
            time.sleep(0.1)
        self.service.drained(within)
        self._await_counting(within)
        self.service.stop()
        told = self._verified()
        assert told["equal"], told["differences"]
        found = self.received()
        assert not set(found) - self.sent, "the receiver has ids that nobody sent"
        doubles = sum(number - 1 for number in found.values())
        assert doubles <= DUPLICATES * kills, f"{doubles} duplicates in {kills} kills\n{self._twice(found)}"
        return {"kills": kills, "accepted": len(self.accepted), "received": len(found), "duplicates": doubles}

    def _await_counting(self, within: float) -> None:
        """Return when the desk that counts, which looks at the log once a second, came to all that was accepted."""
        until = time.monotonic() + within
        while self._verified()["events"] < len(self.accepted):
            assert time.monotonic() < until, f"the desk that counts never came to it\n{self._words()}"
            time.sleep(0.2)

    def _verified(self) -> dict[str, Any]:
        """Return what is said of the counters of statistics beside the event log."""
        told: dict[str, Any] = json.loads(self.service.run("statistics", "verify", "--json", check=False).stdout)
        return told

    def _twice(self, found: Counter[str]) -> str:
        """Return which ids came twice, for the reader of a failure."""
        return ", ".join(sorted(identity for identity, number in found.items() if number > 1)[:10])

    def _words(self) -> str:
        return self.service.log.read_text()[-3000:]
