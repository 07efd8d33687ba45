"""Verbs without the wait for Python: a process that has imported the program forks for each command line.

A verb is a process of its own here as everywhere, with its arguments, environment, streams and exit code; only what
every start of the program repeats is done once. ``estafette`` itself is started by the service and by the tests of it.
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
import traceback
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
#: What verbs import when they run.
_LATER = (
    "estafette.store.sqlite.client", "estafette.store.sqlite.server", "estafette.store.sqlite.spool",
    "estafette.store.tables.control", "estafette.tenancy.office", "estafette.relay.submission.client", "rich.console",
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


@cache
def verbs() -> Verbs:
    """Return the one of this process."""
    return Verbs()


def _main(path: str) -> None:
    """Import, then fork for every connection until whoever started us is gone."""
    from estafette.cli.main import VERBS

    for place, _ in VERBS.values():
        importlib.import_module(f"estafette.cli.{place.partition(':')[0]}")
    for name in _LATER:
        importlib.import_module(name)
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
    channel.close()
    sys.exit(code)


if __name__ == "__main__":
    _main(sys.argv[1])
