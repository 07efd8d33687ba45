"""Ten million suppressed addresses: what a look costs, in time and memory, and how soon a change is known elsewhere."""

from __future__ import annotations

import gc
import json
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.rows.row import FOLDER, Row, say, spread
from estafette.base.seal import Keyring
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.store.interface.records import AuditEntry
from estafette.store.tables.control import ControlTables, open_control
from estafette.store.tables.directory import DirectorySnapshot
from estafette.store.tables.multitude import FILE, Multitude
from estafette.tenancy import suppressions
from estafette.tenancy.office import Office

MANY = 10_000_000
TENANTS = 20
BATCHES, BATCH = 400, 100
#: Of the asked ones so many are suppressed.
SHARE = 0.05
_CHUNK = 100_000
_INSERT = """INSERT INTO suppression (tenant, stream, address, reason, created, version)
VALUES (?, '', ?, 'bounced', ?, (SELECT version FROM change WHERE name = 'suppression'))"""


def _address(number: int) -> str:
    return f"person.{number}@host{number % 997}.example"


def _fill(control: ControlTables, many: int) -> None:
    entry, now = AuditEntry(at=1.0, actor="bench", action="none"), time.time()
    for number in range(TENANTS):
        tenant = Tenant(id=f"t{number}", name=f"tenant {number}")
        control.add_tenant(tenant, [Stream(tenant=tenant.id, name="bulk", kind="bulk")], entry)
    for start in range(0, many, _CHUNK):
        rows = [(f"t{n % TENANTS}", _address(n), now) for n in range(start, min(start + _CHUNK, many))]
        with control.changing(None, "suppression") as connection:
            connection.exec_driver_sql(_INSERT, rows)


def _batches(many: int, share: float) -> Iterator[list[tuple[str, str]]]:
    chance = random.Random(6)
    for _ in range(BATCHES):
        numbers = [chance.randrange(many) + (0 if chance.random() < share else many) for _ in range(BATCH)]
        yield [(f"t{n % TENANTS}", _address(n)) for n in numbers]


def _asked(directory: DirectorySnapshot, many: int, share: float) -> list[float]:
    """Return the microseconds of one look, of each batch."""
    times = []
    for batch in _batches(many, share):
        began = time.perf_counter_ns()
        found = [directory.suppressed(tenant, "bulk", address) for tenant, address in batch]
        times.append((time.perf_counter_ns() - began) / 1000 / BATCH)
        expected = [int(address.split(".")[1].partition("@")[0]) < many for _, address in batch]
        if [bool(each) for each in found] != expected:
            raise RuntimeError("a look gave a wrong answer")
    return times


def child(folder: Path, many: int) -> None:
    """Be one process of the service: load, ask, tell the figures; ``python -m benchmarks.rows.suppression``."""
    keyring = Keyring.load(folder / "keyring")
    gc.collect()
    before, began = _rss(), time.perf_counter()
    directory = DirectorySnapshot.open(folder, keyring)
    opened = time.perf_counter() - began
    few, many_hits = _asked(directory, many, SHARE), _asked(directory, many, 1.0)
    held = directory._suppressed  # noqa: SLF001 - what is measured
    octets = held.octets if isinstance(held, Multitude) else 0
    print(json.dumps({"opened": opened, "few": few, "hits": many_hits, "grown": _rss() - before, "filter": octets}))


def _rss() -> float:
    """Return the resident memory of this process, MB, files among it."""
    words = Path("/proc/self/status").read_text().split("VmRSS:")[1].split()
    return int(words[0]) / 1024


def _seen(folder: Path) -> float:
    """Return the seconds until another process refuses an address that was suppressed here, looking each second."""
    keyring = Keyring.load(folder / "keyring")
    there = DirectorySnapshot.open(folder, keyring)
    control = open_control(folder)
    office = Office(control=control, keyring=keyring, now=time.time)
    began = time.perf_counter()
    suppressions.add(office, "t0", "someone.new@elsewhere.example")
    committed = time.perf_counter() - began
    began = time.perf_counter()
    there.reload()
    if not there.suppressed("t0", "bulk", "someone.new@elsewhere.example"):
        raise RuntimeError("the change is not seen")
    return committed + 1.0 + time.perf_counter() - began


def suppression(rounds: int, many: int = MANY) -> list[Row]:
    """Fill once, then ask from fresh processes."""
    folder = FOLDER / f"suppression-{many}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    Keyring.create(folder / "keyring")
    began = time.perf_counter()
    control = open_control(folder, upgrade=True)
    _fill(control, many)
    say(f"filled {many} in {time.perf_counter() - began:.0f} s")
    began = time.perf_counter()
    many_held = Multitude(control.stops)
    while not many_held.ready:
        time.sleep(0.1)
    built = time.perf_counter() - began
    say(f"filter built in {built:.0f} s, file {(folder / FILE).stat().st_size / 1e6:.1f} MB")
    control.close()
    figures = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.rows.suppression", str(folder), str(many)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        figures.append(json.loads(done.stdout))
        say(f"opened in {figures[-1]['opened']:.2f} s, grown {figures[-1]['grown']:.1f} MB")
    few = [statistics.median(each["few"]) for each in figures]
    hits = [statistics.median(each["hits"]) for each in figures]
    memory = [each["filter"] / 1e6 for each in figures]
    seen = [_seen(folder) for _ in range(rounds)]
    text = f"{many / 1e6:.0f} million"
    return [
        Row(f"suppression, {text}, us per look, 5 % listed", "< 10", spread(few), max(few) < 10),
        Row(f"suppression, {text}, us per look, all listed", "-", spread(hits), True),
        Row(f"suppression, {text}, MB of a process", "<= 32", spread(memory), max(memory) <= 32),
        Row("suppression, MB the process grew by, tables opened too", "-", spread([e["grown"] for e in figures]), True),
        Row("suppression, s until a process has opened it", "-", spread([e["opened"] for e in figures]), True),
        Row("suppression, a change is effective elsewhere after s", "< 2", spread(seen), max(seen) < 2),
        Row("suppression, s to read it all without its file", "-", f"{built:.3g}", True),
    ]


if __name__ == "__main__":
    child(Path(sys.argv[1]), int(sys.argv[2]))
