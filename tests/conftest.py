"""Fixtures that real-server tests share. A server that could not be had skips loudly, and fails in CI."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
from tests.servers import node, packages
from tests.servers.certificates import Certificates
from tests.servers.databases import Databases
from tests.servers.dns import DnsServer
from tests.servers.postfix import PostfixSink
from tests.servers.postgres import Postgres
from tests.servers.rig import Rig, whole_rig
from tests.servers.service import MAIL

from estafette.store.tables.control import open_control

# A machine that others share is slow at times: nothing is judged by how long an example took.
hypothesis.settings.register_profile("patient", deadline=None, print_blob=True)
hypothesis.settings.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    """Name the marks of our own."""
    config.addinivalue_line("markers", "mail_only: the service of this test has no HTTP")


def pytest_collection_finish() -> None:
    """Leave what was collected and imported out of every later search for cycles: it is most of what there is."""
    gc.collect()
    gc.freeze()


def _unavailable(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(f"SKIPPED WITHOUT A REAL SERVER: {reason}")


@pytest.fixture(scope="session")
def servers() -> None:
    """The unpacked programs."""
    troubles = packages.ensure()
    if troubles:
        _unavailable("; ".join(troubles))


@pytest.fixture(scope="session")
def node_clients() -> None:
    """Node, and the clients that npm's lock names."""
    if troubles := node.ensure():
        _unavailable("; ".join(troubles))


@pytest.fixture(scope="session")
def root(servers: None) -> None:
    """What only root can do: Postfix, mounts, namespaces."""
    if os.geteuid() != 0:
        _unavailable("needs root")


@pytest.fixture(scope="session")
def postgres(servers: None) -> Iterator[Postgres]:
    """A PostgreSQL server of this run's own."""
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Databases:
    """Databases with migrated control tables."""
    name = postgres.database()
    open_control(postgres.url(name), upgrade=True).close()
    return Databases(postgres, name)


@pytest.fixture
def database(postgres: Postgres, databases: Databases) -> Iterator[str]:
    """The address of a database with fresh control tables."""
    name = databases.lend()
    yield postgres.url(name)
    databases.take_back(name)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user may pass, which pytest's own forbids to Postfix's daemons."""
    made = Path(tempfile.mkdtemp(prefix="estafette-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that is gone after the test."""
    with open_folder() as made:
        yield made


@pytest.fixture
def certificates(folder: Path) -> Certificates:
    """An authority of this test's own."""
    return Certificates(folder / "certificates")


@pytest.fixture
def dns(folder: Path, servers: None) -> Iterator[DnsServer]:
    """NSD."""
    with DnsServer(folder / "dns") as server:
        yield server


@pytest.fixture
def postfix(folder: Path, certificates: Certificates, dns: DnsServer, root: None) -> Iterator[PostfixSink]:
    """A receiving Postfix for ``example.test``, with its MX in the DNS."""
    with PostfixSink(folder / "mx", domains=("example.test",), tls=certificates.issue("mx.example.test")) as sink:
        dns.mail_exchanger("example.test", sink.address)
        yield sink


@pytest.fixture
def rig(
    request: pytest.FixtureRequest, folder: Path, certificates: Certificates, dns: DnsServer, postfix: PostfixSink
) -> Iterator[Rig]:
    """The service between a prepared customer and Postfix; ends with a clean stop and the ledger.

    Tests marked ``mail_only`` need neither API nor page, which take longer to start than all the rest.
    """
    roles = MAIL if request.node.get_closest_marker("mail_only") else ()
    with Rig(folder / "service", certificates, dns, postfix, roles=roles) as made:
        yield made


@pytest.fixture(scope="session")
def shared_rig(root: None) -> Iterator[Rig]:
    """One rig for all tests that look only at recipients of their own (``Rig.arrived``) and change no setting."""
    with open_folder() as made, whole_rig(made) as rig:
        yield rig
