"""Clicks: what one costs the process that answers recipients, and how long it takes while a campaign leaves.

Each token is opened, checked and led on, and its hit is kept on disk and handed to the store, which is a process of its
own. The generator is another; the figure by core is hits by CPU second of the answering process, threads included.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.accounting import Group
from benchmarks.own import ROOT, Receiver, p99
from benchmarks.peers.estafette import Estafette
from benchmarks.rows.row import FOLDER, Row, say, spread
from estafette.base.seal import Keyring
from estafette.tracking import token
from estafette.tracking.token import Target

SINK = 2526
PORT = 2590
HITS = 40_000
#: Hits a second beside the campaign, and for how many seconds.
RATE, SECONDS = 500, 15
LINKS = 24
_TICKS = os.sysconf("SC_CLK_TCK")
_SETTING = "ESTAFETTE_LISTEN__PUBLIC"


def redirect(rounds: int) -> list[Row]:
    """Measure both modes by themselves, then one beside 100,000 messages that leave."""
    peer = Estafette(FOLDER, mode="public", sink=SINK)
    peer.prepare()
    peer.cli("stream", "update", "bulk", "--tenant", peer.tenant, "--tracking", "individual")
    paths = _paths(peer)
    rows = []
    with _running(peer):
        _load(paths["aggregate"], hits=2_000)
        for mode, file in paths.items():
            found = [_by_core(file) for _ in range(rounds)]
            rows.append(
                Row(f"redirect, {mode} hits per second and core", ">= 8000", spread(found), min(found) >= 8_000)
            )
    return [*rows, _beside_a_campaign(peer, paths["individual"])]


def _beside_a_campaign(peer: Estafette, file: Path) -> Row:
    peer.account("bulk")
    group = Group("filler")
    peer.fill(group, messages=1_000, recipients=100, domain="d1.example")
    group.close()
    with Receiver(port=SINK), _running(peer):
        time.sleep(1)
        times = sorted(_load(file, hits=RATE * SECONDS, rate=RATE)["times"])
        left = bool(peer.cli("queue", "list", "--domain", "d1.example", "--limit", "1")["items"])
    words = f"p99 {p99(times):.1f}, median {times[len(times) // 2]:.1f}" + ("" if left else ", mail ended too early")
    return Row(f"redirect, ms of {RATE} a second while a campaign leaves", "p99 < 15", words, left and p99(times) < 15)


@contextmanager
def _running(peer: Estafette) -> Iterator[None]:
    group = Group("peer")
    os.environ[_SETTING] = json.dumps([f"127.0.0.1:{PORT}"])
    try:
        peer.start(group)
        yield
    finally:
        peer.stop()
        group.close()
        del os.environ[_SETTING]


def _paths(peer: Estafette) -> dict[str, Path]:
    """Write the paths of a campaign to each recipient and to nobody in particular; return the files."""
    keyring = Keyring.load(peer.folder / "keyring")
    page = "https://shop.bench.example/articles/{}/a-name-as-shops-have?utm_source=letter&utm_campaign=spring"

    def path(link: int, **more: Any) -> str:
        target = Target(
            "click", peer.tenant, "bulk", campaign="spring", link=link, links=LINKS, url=page.format(link), **more
        )
        return f"/c/{token.write(keyring, target)}"

    shared = [path(link) for link in range(1, LINKS + 1)]
    own = [
        path(n % LINKS + 1, message=(1 << 61) + n // 100, number=n % 100 + 1, person=os.urandom(12), tags=("a", "b"))
        for n in range(HITS)
    ]
    files = {}
    for name, lines in (("individual", own), ("aggregate", shared)):
        files[name] = peer.folder / f"{name}.paths"
        files[name].write_text("\n".join(lines))
    return files


def _load(file: Path, *, hits: int, rate: float = 0.0) -> dict[str, Any]:
    order = {"port": PORT, "paths": str(file), "hits": hits, "rate": rate}
    words = [sys.executable, "-m", "benchmarks.clicker", json.dumps(order)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    report: dict[str, Any] = json.loads(done.stdout)
    if report["wrong"]:
        raise RuntimeError(f"{report['wrong']} hits were not led on")
    return report


def _by_core(file: Path) -> float:
    pid = _listener()
    before = _cpu(pid)
    report = _load(file, hits=HITS)
    time.sleep(1)  # what is written and handed over behind the answers
    used = _cpu(pid) - before
    say(f"{file.stem}: {HITS / report['seconds']:.0f}/s, {used / HITS * 1e6:.0f} us of CPU each")
    return HITS / used


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _listener() -> int:
    """Return the process that listens on the port."""
    wanted = f":{PORT:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{line[9]}]" for line in lines if line[1].endswith(wanted) and line[3] == "0A"}
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(entry.readlink()) in sockets:
                return int(entry.parts[2])
        except OSError:
            continue
    raise RuntimeError("nobody listens")
