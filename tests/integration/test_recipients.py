"""Recipients of a running service, by curl: what they do survives a store that hangs, and leaves no trace in aggregate."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.servers import packages
from tests.servers.certificates import Certificates
from tests.servers.service import Service

from estafette.base.records import read
from estafette.base.seal import Keyring
from estafette.events.acts import Unsubscription, unpacked
from estafette.model.stream import Tracking
from estafette.store.tables.control import open_control
from estafette.tenancy import streams
from estafette.tenancy.office import Office
from estafette.tenancy.streams import Habits
from estafette.tracking import token
from estafette.tracking.token import Target

PERSON = "nobody-else@example.test"
PROGRAM = "Mozilla/5.0 (X11; Linux x86_64) NobodyElsesBrowser/142.7"
#: Where the person sits; the other one is seen and must be found, or the search proves nothing.
PLACE, OTHER_PLACE = "127.77.88.99", "127.77.88.98"


class Recipients:
    """A service that sends nothing, and links as its mail would bear them."""

    def __init__(self, folder: Path, certificates: Certificates) -> None:
        self.service = Service(folder, certificates)
        self.service.prepare()
        self.keyring = Keyring.load(folder / "keyring")
        control = open_control(self.service.data)
        office = Office(control=control, keyring=self.keyring, now=time.time)
        self.tenant = office.tenant("customer").id
        modes: dict[str, Tracking] = {"bulk": "aggregate", "transactional": "individual"}
        for stream, mode in modes.items():
            streams.update(office, "customer", stream, Habits(tracking=mode))
        control.close()
        self.person = token.person_of(self.keyring, self.tenant, PERSON)

    def path(self, kind: Any, stream: str, **more: Any) -> str:
        """Return a path of one person's mail."""
        fields: dict[str, Any] = {
            "message": 77,
            "number": 1,
            "person": self.person,
            "url": "https://shop.test/?who=1",
        } | more
        return f"/{kind[0]}/{token.write(self.keyring, Target(kind, self.tenant, stream, **fields))}"

    def curl(self, path: str, *words: str, place: str = PLACE) -> str:
        """Return status and location of a request that comes from a place."""
        command = [
            packages.program("curl"),
            "-sS",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code} %{redirect_url}",
            "-A",
            PROGRAM,
        ]
        where = f"http://{self.service.address}:{self.service.public}{path}"
        done = subprocess.run(
            [*command, "--interface", place, *words, where], capture_output=True, timeout=60, check=True
        )
        return done.stdout.decode().strip()

    def files(self, octets: bytes) -> set[str]:
        """Return the files of the data folder that hold some octets."""
        found = [path for path in self.service.data.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.service.data)) for path in found if octets in path.read_bytes()}

    def store(self) -> int:
        """Return the process that owns the store."""
        lock = os.path.realpath(self.service.data / "lock")
        for pid in self.service.processes():
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                if os.path.realpath(entry) == lock:
                    return pid
        raise AssertionError("nobody owns the store")


def until(condition: Callable[[], Any], within: float = 40.0) -> Any:
    end = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


@pytest.fixture
def recipients(folder: Path, certificates: Certificates, servers: None) -> Iterator[Recipients]:
    made = Recipients(folder / "service", certificates)
    made.service.start()
    with made.service:
        yield made


def test_recipients_are_answered_while_the_store_hangs_and_it_takes_effect_afterwards(recipients):
    service = recipients.service
    leave = recipients.path("unsubscribe", "bulk")
    assert recipients.curl(leave) == recipients.curl(leave, "-I") == "200"  # a scanner looks
    store = recipients.store()
    os.kill(store, signal.SIGSTOP)
    try:
        assert recipients.curl(recipients.path("click", "transactional")) == "302 https://shop.test/?who=1"
        assert recipients.curl(leave, "--data", "List-Unsubscribe=One-Click") == "200"
        acts = [act for path in (service.data / "acts").glob("*.acts") for act in unpacked(read(path))]
        assert [act.means for act in acts if isinstance(act, Unsubscription)] == ["one_click"]
    finally:
        os.kill(store, signal.SIGCONT)
    (event,) = until(lambda: service.events(kind="unsubscribed"))
    assert (event["tenant"], event["stream"]) == (recipients.tenant, "bulk")
    until(lambda: not list((service.data / "acts").glob("*.acts")))
    assert [each["reason"] for each in service.cli("suppression", "list", "--tenant", "customer")["items"]] == [
        "unsubscribed"
    ]


def test_an_aggregate_campaign_leaves_no_trace_of_a_person(recipients):
    service = recipients.service
    shared = {"message": 0, "number": 0, "person": b"", "campaign": "spring"}
    for kind in ("click", "open"):
        recipients.curl(recipients.path(kind, "bulk", **shared))
    # One who is measured by himself, from elsewhere, by the same process.
    recipients.curl(recipients.path("click", "transactional"), place=OTHER_PLACE)
    until(lambda: any(name.startswith("history.db") for name in recipients.files(OTHER_PLACE.encode())))
    assert recipients.files(PLACE.encode()) == set()
    service.stop()  # what was in memory is judged, and handed over
    service.start()
    events = until(lambda: service.events(campaign="spring"))
    assert {(each["kind"], each["count"], each["recipient"], each["hit"]["mode"]) for each in events} == {
        ("clicked", 1, "", "aggregate"), ("opened", 1, "", "aggregate"),
    }  # fmt: skip
    for trace in (PLACE, PERSON, recipients.person.hex()):
        assert recipients.files(trace.encode()) == set(), trace
    assert recipients.files(recipients.person) == set()
    assert {name.partition("-")[0] for name in recipients.files(b"NobodyElsesBrowser")} == {"history.db"}  # the other's
