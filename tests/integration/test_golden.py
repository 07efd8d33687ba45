"""A release drains the queue that every release before it left: spool, contents, rules, notices and journal."""

import re
import tarfile

import pytest
from tests.golden import QUEUES
from tests.servers.rig import Rig
from tests.servers.service import MAIL

GOLDEN = sorted(path.parent.name for path in QUEUES.glob("*/store.tar.xz"))
LEAVES = {"plain", "second", "deferred", "large"}


@pytest.fixture
def left(folder, certificates, dns, postfix):
    """A prepared service that is not started."""
    made = Rig(folder / "service", certificates, dns, postfix, roles=MAIL)
    made.service.prepare()
    with made.service:
        yield made


def _to(messages):
    return sorted(re.search(rb"Delivered-To: (\w+)@", message)[1].decode() for message in messages)


@pytest.mark.parametrize("release", GOLDEN)
def test_what_a_release_left_is_drained(left, release):
    with tarfile.open(QUEUES / release / "store.tar.xz") as archive:
        archive.extractall(left.service.data, filter="data")
    left.service.start()
    left.service.run("queue", "retry", "--all")
    left.postfix.wait(len(LEAVES))
    left.service.drained(but=1)
    (held,) = left.service.waiting()
    assert held["recipient"] == "held@example.test"
    assert left.service.cli("queue", "show", held["id"])["waiting"]["rule"].startswith("hold")
    left.service.run("queue", "release", "--all")
    messages = left.postfix.wait(len(LEAVES) + 1)
    assert _to(messages) == sorted({*LEAVES, "held"})
    assert not list((left.service.data / "journal").glob("*.journal"))


def test_there_is_one():
    assert GOLDEN
