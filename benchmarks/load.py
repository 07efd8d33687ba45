"""Load and sink of Postfix: ``smtp-source`` and ``smtp-sink``, and one measured run of a peer between them."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.servers import packages

from benchmarks.accounting import Group


class Peer(Protocol):
    """Something that listens on ``port`` and, unless it holds, delivers to the sink."""

    name: str
    port: int

    def prepare(self) -> None: ...
    def start(self, group: Group) -> None: ...
    def stop(self) -> None: ...


@dataclass(frozen=True)
class Measured:
    """One run: messages per second and CPU milliseconds per message of all the peer's processes."""

    rate: float
    cpu_ms: float
    rss_mb: float


def source(
    group: Group, port: int, messages: int, sessions: int = 50, length: int = 10240, *, keep: bool = True,
    file: Path | None = None,
) -> subprocess.Popen[bytes]:  # fmt: skip
    """Start a generator; ``keep`` sends many messages on each connection. file: the message, LF lines."""
    words = [
        packages.program("smtp-source"),
        *(["-d"] if keep else []),
        "-M",
        "load.bench.example",
        "-f",
        "from@bench.example",
    ]
    words += [
        "-t",
        "to@d0.example",
        "-s",
        str(sessions),
        "-m",
        str(messages),
        "-C",
        "10",
        *(["-F", str(file)] if file else ["-l", str(length)]),
        f"127.0.0.1:{port}",
    ]
    return subprocess.Popen(words, env=packages.environment(), preexec_fn=group.enter)


def sink(group: Group, port: int, messages: int) -> subprocess.Popen[bytes]:
    """Start a sink that ends with its last message."""
    words = [
        packages.program("smtp-sink"),
        "-u",
        "nobody",
        "-m",
        "2000",
        "-M",
        str(messages),
        f"127.0.0.1:{port}",
        "1000",
    ]
    process = subprocess.Popen(words, env=packages.environment(), preexec_fn=group.enter)
    time.sleep(0.3)
    return process


def measure(
    peer: Peer, kind: str, messages: int, *, sessions: int = 50, length: int = 10240, sink_port: int = 2526,
    file: Path | None = None,
) -> Measured:  # fmt: skip
    """Run once. ``intake`` ends with the last 250 of the peer, ``e2e`` with the last message at the sink."""
    groups = [Group(name) for name in ("peer", "source", "sink")]
    ours, load, far = groups
    peer.prepare()
    receiver = sink(far, sink_port, messages) if kind == "e2e" else None
    try:
        peer.start(ours)
        time.sleep(1)
        before = ours.cpu()
        began = time.monotonic()
        if source(load, peer.port, messages, sessions, length, file=file).wait(timeout=300):
            raise RuntimeError("smtp-source failed")
        if receiver is not None:
            receiver.wait(timeout=300)
        took = time.monotonic() - began
        time.sleep(0.5)
        return Measured(messages / took, (ours.cpu() - before) / messages * 1000, ours.largest_rss())
    finally:
        peer.stop()
        if receiver is not None and receiver.poll() is None:
            receiver.terminate()
            receiver.wait()
        for group in groups:
            group.close()


def scratch(folder: Path) -> Path:
    """Return a folder on the checkout's own disk: results on a memory file system would mean nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder
