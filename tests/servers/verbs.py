"""Verbs without the wait for Python: a process that has imported the program forks for each command line.

A verb is a process of its own here as everywhere, with its arguments, environment, streams and exit code; only what
every start of the program repeats is done once. So is ``serve``, a session of its own. ``estafette`` itself is started
wherever a test sets variables of its environment, wraps it or has a network of its own, and by those of documentation.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).resolve().parents[2]
#: What verbs import when they run.
_LATER = (
    "estafette.store.sqlite.client", "estafette.store.sqlite.server", "estafette.store.sqlite.spool",
    "estafette.store.tables.control", "estafette.tenancy.office", "estafette.relay.submission.client", "rich.console",
    "estafette.runtime.supervisor",
)  # fmt: skip


class Verbs:
    """One such process; it ends with ours."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="estafette-verbs-")
        self._path = str(Path(self._folder.name) / "s")
        command = [sys.executable, "-m", "tests.servers.verbs", self._path]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise RuntimeError("the verbs cannot be imported")

    @property
    def here(self) -> bool:
        """True unless the caller has gone to a network of its own, which these processes are not in."""
        ours, theirs = (Path(f"/proc/{each}/ns/net").readlink() for each in ("thread-self", self._process.pid))
        return ours == theirs

    def run(
        self, words: Sequence[str], stdin: bytes, environment: dict[str, str], timeout: float
    ) -> subprocess.CompletedProcess[bytes]:
        """Run ``estafette WORDS``; subprocess.TimeoutExpired."""
        streams = [os.memfd_create(name) for name in ("stdin", "stdout", "stderr")]
        try:
            os.pwrite(streams[0], stdin, 0)
            code = self._ask(streams, {"words": list(words), "environment": environment}, timeout)
            out, err = (os.pread(stream, os.fstat(stream).st_size, 0) for stream in streams[1:])
        finally:
            for stream in streams:
                os.close(stream)
        return subprocess.CompletedProcess(list(words), code, out, err)

    def start(self, words: Sequence[str], errors: IO[bytes], environment: dict[str, str]) -> Started:
        """Start ``estafette WORDS`` in a session of its own, with nothing to read and ``errors`` as its stderr."""
        reading, writing = os.pipe()
        nothing = os.open(os.devnull, os.O_RDONLY)
        channel = socket.socket(socket.AF_UNIX)
        channel.connect(self._path)
        socket.send_fds(channel, [b"."], [nothing, writing, errors.fileno()])
        channel.sendall(json.dumps({"words": list(words), "environment": environment, "session": True}).encode())
        channel.shutdown(socket.SHUT_WR)
        os.close(writing)
        os.close(nothing)
        return Started(channel, os.fdopen(reading, "r"))

    def _ask(self, streams: list[int], order: dict[str, object], timeout: float) -> int:
        with socket.socket(socket.AF_UNIX) as channel:
            channel.connect(self._path)
            channel.settimeout(timeout)
            socket.send_fds(channel, [b"."], streams)
            channel.sendall(json.dumps(order).encode())
            channel.shutdown(socket.SHUT_WR)
            said = b""
            try:
                while piece := channel.recv(64):
                    said += piece
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(said.split()[0]), signal.SIGKILL)
                raise subprocess.TimeoutExpired(str(order["words"]), timeout) from None
        pid_and_code = said.split()
        return int(pid_and_code[1]) if len(pid_and_code) == 2 else -signal.SIGKILL


class Started:
    """A process that goes on, with what ``subprocess.Popen`` has of it. stdout: what it prints."""

    def __init__(self, channel: socket.socket, stdout: IO[str]) -> None:
        self._channel = channel
        self._said = b""
        self._ended = False
        while b" " not in self._said:
            self._hear(60.0)
        self.pid = int(self._said.split()[0])
        self.stdout = stdout

    def poll(self) -> int | None:
        """Return the exit status when it has ended."""
        with contextlib.suppress(TimeoutError, BlockingIOError):
            while not self._ended:
                self._hear(0.0)
        return self._status() if self._ended else None

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status; subprocess.TimeoutExpired."""
        until = None if timeout is None else time.monotonic() + timeout
        try:
            while not self._ended:
                self._hear(None if until is None else max(until - time.monotonic(), 0.001))
        except TimeoutError:
            raise subprocess.TimeoutExpired("estafette", timeout or 0.0) from None
        return self._status()

    def _hear(self, timeout: float | None) -> None:
        self._channel.settimeout(timeout)
        said = self._channel.recv(64)
        self._said += said
        if not said:
            self._ended = True
            self._channel.close()

    def _status(self) -> int:
        """Return what it said when it ended by itself; who says nothing was killed."""
        words = self._said.split()
        return int(words[1]) if len(words) == 2 else -signal.SIGKILL


@cache
def verbs() -> Verbs:
    """Return the one of this process."""
    return Verbs()


def _main(path: str) -> None:
    """Import, then fork for every connection until whoever started us is gone."""
    from estafette.cli.main import VERBS
    from estafette.runtime.roles import ROLES
    from estafette.runtime.worker import preload

    for place, _ in VERBS.values():
        importlib.import_module(f"estafette.cli.{place.partition(':')[0]}")
    for name in _LATER:
        importlib.import_module(name)
    preload(ROLES)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        print("ready", flush=True)
        while sys.stdin not in (ready := select.select([listener, sys.stdin], [], [])[0]):
            assert ready
            channel, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _serve(channel)
            channel.close()


def _serve(channel: socket.socket) -> NoReturn:
    from estafette.cli.main import run

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(channel, 1, 3)
    with channel.makefile("rb") as asked:
        order = json.load(asked)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    if order.get("session"):
        os.setsid()
    channel.sendall(f"{os.getpid()} ".encode())
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["estafette", *order["words"]]
    try:
        code = run(order["words"])
        sys.stdout.flush()
    except Exception:  # as Python itself ends a program
        traceback.print_exc()
        code = 1
    channel.sendall(str(code).encode())
    sys.exit(code)


if __name__ == "__main__":
    _main(sys.argv[1])
