"""Start and stop our own generator, sink and uplink, each a process in an accounting group of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.accounting import Group

ROOT = Path(__file__).resolve().parent.parent


def _start(group: Group, module: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", f"benchmarks.{module}", *words]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, preexec_fn=group.enter)


class Generator:
    """A running load; ``order`` are the fields of ``benchmarks.generator.Order``."""

    def __init__(self, **order: Any) -> None:
        self._group = Group(f"generator-{order.get('prefix', 'm')}")
        order.setdefault("recipients", ["to@d0.example"])
        self._process = _start(self._group, "generator", json.dumps(order))

    def result(self, within: float = 300.0) -> dict[str, Any]:
        """Wait for the end; return ``benchmarks.generator.Report`` as a document."""
        try:
            words, _ = self._process.communicate(timeout=within)
        finally:
            self._process.kill()
            self._process.wait()
            self._group.close()
        tally: dict[str, Any] = json.loads(words)
        return tally


class _Server:
    """A process that says ``ready``."""

    def __init__(self, module: str, *words: str) -> None:
        self._group = Group(module)
        self._process = _start(self._group, module, *words)
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{module} did not start")

    def _end(self, within: float = 20.0) -> str:
        try:
            words, _ = self._process.communicate(timeout=within)
        finally:
            self._process.kill()
            self._process.wait()
            self._group.close()
        return words

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._end()


class Receiver(_Server):
    """A running sink; ``order`` are the fields of ``benchmarks.receiver.Order``."""

    def __init__(self, **order: Any) -> None:
        super().__init__("receiver", json.dumps(order))

    def result(self, within: float = 0.0) -> dict[str, Any]:
        """Return the tally: at the last message, or now when no time is given to wait for it."""
        if not within:
            self._process.terminate()
        tally: dict[str, Any] = json.loads(self._end(within or 20.0))
        return tally


class Uplink(_Server):
    """A running forwarder."""

    def __init__(self, port: int, sink: int, bits: float) -> None:
        super().__init__("forwarder", str(port), str(sink), str(bits))


def delays(sent: dict[str, Any], tally: dict[str, Any], *, whole: bool = False) -> list[float]:
    """Return seconds from our 250 (whole: from MAIL) to the remote 250 of each message, in order; inf for one that
    never came."""
    far = tally["keyed"]
    return sorted(far.get(key, float("inf")) - (began if whole else taken) for key, began, taken in sent["sent"])


def p99(values: list[float]) -> float:
    """Return the 99th percentile of sorted values."""
    return values[min(len(values) - 1, int(len(values) * 0.99))] if values else float("inf")
