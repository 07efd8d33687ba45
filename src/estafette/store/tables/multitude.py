"""Who gets no mail, of millions: a filter in memory says who surely may; the tables are asked about the others.

Every process has its own filter, which begins as a copy of a file beside the tables: whoever has read far more than the
file knows writes it anew. The file may be lost at any time, and is read from the tables again; that takes minutes, in
which the tables are asked about everybody.
"""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from estafette.base.errors import StoreFault
from estafette.base.log import get
from estafette.model.stream import Stream
from estafette.store.interface.records import unnamed
from estafette.store.tables.filter import Filter
from estafette.store.tables.stops import StopTables
from estafette.store.tables.suppressed import WILD, Entry, stopping

FILE = "suppressed.filter"
#: Members by which a filter may be ahead of its file.
AHEAD = 100_000
#: Entries that are read at once when there is no file, a second or two; of more, the process opens first.
AT_ONCE = 200_000
#: Answers of the tables that are remembered.
REMEMBERED = 20_000
#: Above so many keys, other threads have their turn after each so many, or a look-up would wait for long.
_TURN = 2_000
_PERSON = unnamed(b"")
_log = get("store.multitude")


class Multitude:
    """As ``Suppressed``, of which ``apply`` is ``update`` here: it may run in a thread beside look-ups."""

    def __init__(self, stops: StopTables) -> None:
        self._stops = stops
        self._file = stops.file(FILE)
        self._filter = Filter()
        #: False while nothing is known: whoever is asked for may be listed.
        self._knows = False
        self._built: tuple[Filter, int] | None = None
        self._saved = 0
        self._found: dict[tuple[str, str], tuple[Entry, ...]] = {}
        self._generation = 0
        self._lock = threading.Lock()
        self._unnamed: set[str] = set()
        self._wild: set[str] = set()
        self.version = 0
        self._begin()

    def unnamed(self, tenant: str) -> bool:
        """Return whether somebody of a tenant is, or was, known by a keyed hash alone."""
        return tenant in self._unnamed

    def update(self) -> int:
        """Learn what was written and removed since the last time; return the version that is known now."""
        if self._built is not None:
            self._filter, self.version = self._built
            self._built, self._knows, self._saved = None, True, self._filter.members
        version, added, gone = self._stops.news(self.version)
        changed: list[tuple[str, str]] = []
        self._filter.add(self._keys(added, changed))
        changed += gone
        # The tables answer as they are by now: what they said before is forgotten once the filter is true, and what is
        # being asked at this moment is not remembered.
        with self._lock:
            self._generation += 1
            if len(changed) > REMEMBERED:
                self._found = {}
            for key in changed if self._found else ():
                self._found.pop(key, None)
        self.version = version
        if self._knows and self._filter.members > self._saved + AHEAD:
            self._save(self._filter, version)
            self._saved = self._filter.members
        return version

    def reason(self, tenant: str, stream: str, address: str, streams: Mapping[tuple[str, str], Stream]) -> str:
        """See ``Suppressed``. StoreUnavailable when the tables must be asked and do not answer."""
        if f"{tenant}\0{address}".encode() in self._filter or not self._knows:
            found = self._entries(tenant, address)
            if found and (reason := stopping(found, tenant, stream, streams)):
                return reason
        if tenant in self._wild and not address.startswith(_PERSON):
            whole = WILD + address.rpartition("@")[2]
            if _key(tenant, whole) in self._filter or not self._knows:
                return stopping(self._entries(tenant, whole), tenant, stream, streams)
        return ""

    def _entries(self, tenant: str, address: str) -> tuple[Entry, ...]:
        found = self._found.get((tenant, address))
        if found is None:
            generation = self._generation
            found = self._stops.look_up(tenant, address)
            with self._lock:
                if generation == self._generation:
                    if len(self._found) >= REMEMBERED:
                        self._found = {}
                    self._found[tenant, address] = found
        return found

    def _begin(self) -> None:
        """Begin with the file when it is of these tables and not ahead of them; else read them, beside the work."""
        if self._load():
            self.update()
            return
        if self._stops.count() <= AT_ONCE:
            self._built = self._read()
            self.update()
            return
        self.version = self._stops.reached()
        self._unnamed, self._wild = map(set, self._stops.special())
        threading.Thread(target=self._read_beside, name="suppressions", daemon=True).start()

    def _load(self) -> bool:
        kept = Filter.load(self._file) if self._file is not None else None
        if kept is None or kept[1].origin != self._stops.origin() or kept[1].version > self._stops.reached():
            return False
        made, head = kept
        self._unnamed |= set(head.notes["unnamed"])
        self._wild |= set(head.notes["wild"])
        self._built = made, head.version
        return True

    def _read(self) -> tuple[Filter, int]:
        """Read all the tables, and write the file."""
        made = Filter(self._stops.count() * 5 // 4)
        version, rows, _ = self._stops.news(0)
        made.add(self._keys(rows, []))
        self._save(made, version)
        return made, version

    def _read_beside(self) -> None:
        """Read all, in the one process of this machine that comes first; the others wait for its file."""
        try:
            with self._alone():
                if not self._load():
                    self._built = self._read()
        except StoreFault as fault:
            _log.warning("filter_not_read", cause=fault.cause)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._file is None:
            yield
            return
        with self._file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _keys(self, rows: Iterator[tuple[str, str]], changed: list[tuple[str, str]]) -> Iterator[bytes]:
        for number, (tenant, address) in enumerate(rows):
            if address.startswith(_PERSON):
                self._unnamed.add(tenant)
            elif address.startswith(WILD):
                self._wild.add(tenant)
            if len(changed) <= REMEMBERED:
                changed.append((tenant, address))
            if not (number + 1) % _TURN:
                time.sleep(0)
            yield _key(tenant, address)

    def _save(self, made: Filter, version: int) -> None:
        if self._file is None:
            return
        notes = {"unnamed": tuple(sorted(self._unnamed)), "wild": tuple(sorted(self._wild))}
        try:
            made.save(self._file, version, self._stops.origin(), notes)
        except OSError as error:
            _log.warning("filter_not_saved", cause=str(error))

    @property
    def ready(self) -> bool:
        """Whether the filter is made, and the tables are asked about few."""
        return self._knows or self._built is not None

    @property
    def octets(self) -> int:
        """Memory of the filter."""
        return self._filter.octets


def _key(tenant: str, address: str) -> bytes:
    return f"{tenant}\0{address}".encode()
