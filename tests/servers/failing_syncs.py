"""A disk that fails: while this is open, every sync of a running process ends in EIO, by the kernel's own door."""

from __future__ import annotations

import ctypes
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import packages

_PR_SET_PTRACER = 0x59616D61
_ANY = ctypes.c_ulong(-1)


def allow() -> None:
    """Let whoever may see this process trace it, also where only parents may trace (Yama)."""
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANY, 0, 0, 0)


def owner(data: Path) -> int:
    """Return the process that has a data folder's lock open."""
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if entry.readlink() == data / "lock":
                return int(entry.parts[2])
        except OSError:
            continue
    raise LookupError(f"no process owns {data}")


class FailingSyncs:
    """Attaches strace to every thread of a process, or to one; detaches at the end, when it still lives."""

    def __init__(self, process: int, thread: int = 0) -> None:
        self._process = process
        self._thread = thread
        self._strace: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        inject = "inject=fsync,fdatasync:error=EIO"
        whom = ["-p", str(self._thread)] if self._thread else ["-f", "-p", str(self._process)]
        command = [packages.program("strace"), "-qqq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", inject]
        self._strace = subprocess.Popen([*command, *whom])
        until = time.monotonic() + 20
        while not self._attached():
            assert self._strace.poll() is None, "strace could not attach"
            assert time.monotonic() < until, "strace does not attach"
            time.sleep(0.01)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        assert self._strace is not None
        self._strace.terminate()
        self._strace.wait(20)

    def _attached(self) -> bool:
        tasks = Path(f"/proc/{self._process}/task").glob(str(self._thread or "*"))
        return all("\nTracerPid:\t0\n" not in (task / "status").read_text() for task in tasks)
