"""CPU and memory of a group of processes, children that ended included, by a control group that limits nothing."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Self

ROOT = Path("/sys/fs/cgroup")


class Group:
    """One accounting group; processes enter by ``enter`` in their child before exec."""

    def __init__(self, name: str) -> None:
        self._old = (ROOT / "cpuacct").is_dir()
        base = ROOT / "cpuacct" if self._old else ROOT
        self.folder = base / f"estafette-bench-{os.getpid()}-{name}"
        self.folder.mkdir(exist_ok=True)

    def enter(self) -> None:
        """Move the calling process in."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def cpu(self) -> float:
        """Return user plus system seconds used so far."""
        if self._old:
            return int((self.folder / "cpuacct.usage").read_text()) / 1e9
        fields = dict(line.split() for line in (self.folder / "cpu.stat").read_text().splitlines())
        return int(fields["usage_usec"]) / 1e6

    def pids(self) -> list[int]:
        """Return the processes inside."""
        try:
            return [int(pid) for pid in (self.folder / "cgroup.procs").read_text().split()]
        except OSError:
            return []

    def largest_rss(self) -> float:
        """Return the resident size of the largest process, in MB."""
        sizes = [0.0]
        for pid in self.pids():
            try:
                for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                    if line.startswith("VmRSS:"):
                        sizes.append(int(line.split()[1]) * 1024 / 1e6)
            except OSError:
                continue
        return max(sizes)

    def close(self) -> None:
        """Wait for the processes to end, then remove the group."""
        end = time.monotonic() + 15
        while self.pids() and time.monotonic() < end:
            time.sleep(0.1)
        for pid in self.pids():
            os.kill(pid, 9)
        time.sleep(0.1)
        try:
            self.folder.rmdir()
        except OSError:
            return


class Watch:
    """Looks at the sizes of a group's processes four times a second while the block runs."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.largest = 0.0

    def _look(self) -> None:
        while not self._done.wait(0.25):
            self.largest = max(self.largest, self._group.largest_rss())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self.largest = max(self.largest, self._group.largest_rss())
