"""Power loss by replay: from a trace of system calls, rebuild the files with only what had been synced.

A write counts from the fsync or fdatasync of its file that began after it and ended before the cut. Names (creation,
truncation) are taken as durable at once, which a journalling file system grants after the folder's sync.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

CALLS = "trace=pwrite64,write,ftruncate,fsync,fdatasync,sendto,sendmsg"
_CALL = re.compile(r"^(\d+) +(\w+)\((\d+)<([^>]*)>(.*)$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. f(?:data)?sync resumed>.*= 0$")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(.*)$')
_QUEUED = b"queued as "


class File:
    """One file: ``durable`` survives; ``pending`` waits for a sync."""

    def __init__(self, start: bytes) -> None:
        self.durable = bytearray(start)
        self.pending: list[tuple[int, bytes | None]] = []

    def sync(self, upto: int) -> None:
        """Make the oldest ``upto`` pending changes durable."""
        for offset, octets in self.pending[:upto]:
            if octets is None:
                del self.durable[offset:]
            else:
                self.durable.extend(b"\0" * (offset - len(self.durable)))
                self.durable[offset : offset + len(octets)] = octets
        del self.pending[:upto]


class Replay:
    """Walks a trace; ``promised`` are the ids whose 250 went out so far. deaf: take no sync for real (the control)."""

    def __init__(self, data: Path, *, deaf: bool = False) -> None:
        self._data, self._deaf = data, deaf
        self.files = {str(path): File(path.read_bytes()) for path in data.rglob("*") if path.is_file()}
        self.promised: list[str] = []
        self._syncing: dict[str, tuple[File, int]] = {}

    def walk(self, trace: Path, promises: int) -> None:
        """Replay until so many ids were promised: there the power goes."""
        with trace.open(errors="replace") as lines:
            for line in lines:
                self._line(line.rstrip("\n"))
                if len(self.promised) >= promises:
                    return

    def _line(self, line: str) -> None:
        if (resumed := _RESUMED.match(line)) and resumed[1] in self._syncing:
            file, upto = self._syncing.pop(resumed[1])
            self._sync(file, upto)
        elif call := _CALL.match(line):
            self._call(*call.groups())

    def _call(self, pid: str, name: str, _number: str, path: str, rest: str) -> None:
        path = bytes.fromhex(path.replace("\\x", "")).decode() if path.startswith("\\x") else path
        if name in {"write", "sendto", "sendmsg"}:
            self.promised += list(_ids(rest)) if path.startswith(("socket:", "TCP:")) else []
        elif path.startswith(str(self._data)) and not path.endswith("-shm"):
            if name.startswith("f") and name.endswith("sync") and path not in self.files:
                return  # a folder
            file = self.files.setdefault(path, File(b""))
            if name == "pwrite64":
                octets, tail = _string(rest)
                file.pending.append((int(tail.split(", ")[2].split(")")[0].split(" ")[0]), octets))
            elif name == "ftruncate":
                file.pending.append((int(re.findall(r"\d+", rest)[0]), None))
            elif "unfinished" in rest:
                self._syncing[pid] = (file, len(file.pending))
            elif rest.endswith("= 0"):
                self._sync(file, len(file.pending))

    def _sync(self, file: File, upto: int) -> None:
        if not self._deaf:
            file.sync(upto)

    def write(self, folder: Path) -> None:
        """Write what survived."""
        for name, file in self.files.items():
            if not name.endswith(("-shm", ".sock", ".lock")):
                target = folder / Path(name).relative_to(self._data)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.durable)


def _string(rest: str) -> tuple[bytes, str]:
    found = _STRING.search(rest)
    assert found is not None, rest[:200]
    return bytes.fromhex(found[1].replace("\\x", "")), found[2]


def _ids(rest: str) -> Iterator[str]:
    for quoted in re.findall(r'"((?:\\x[0-9a-f]{2})+)"', rest):
        octets = bytes.fromhex(quoted.replace("\\x", ""))
        for piece in octets.split(_QUEUED)[1:]:
            yield piece[:13].decode()
