"""``queue purge`` by every filter: the mail ends, and its content is gone at once though it had days to rest."""

import apsw
import pytest
from tests.servers.letters import letter

SUBJECT = "Order 4711"


def _contents(rig):
    spool = apsw.Connection(str(rig.service.data / "spool.db"), flags=apsw.SQLITE_OPEN_READONLY)
    found = [name for (name,) in spool.execute("select id from content")]
    spool.close()
    return len(found)


def _send(rig, recipient):
    message = letter("shop@customer.test", recipient)
    message["X-Estafette-Campaign"] = f"of {recipient}"
    return rig.send(recipient, message=message).rpartition(" ")[2]


FILTERS = {
    "domain": lambda _: "example.test",
    "recipient": lambda _: "jane@example.test",
    "id": lambda row: row["message"],
    "campaign": lambda row: row["campaign"],
    "site": lambda row: row["site"],
}


@pytest.fixture
def held(rig):
    """A rig from which nothing leaves; one letter to somebody else waits in it."""
    rig.service.run("queue", "hold", "--all")
    _send(rig, "stay@other.test")
    return rig


def test_purge_ends_what_it_names_and_nothing_else(held):
    for name, value in FILTERS.items():
        _send(held, "jane@example.test")
        (row,) = [row for row in held.service.waiting() if row["domain"] == "example.test"]
        held.service.run("queue", "purge", f"--{name}", value(row))
        held.service.drained(but=1)
        assert held.service.waiting()[0]["recipient"] == "stay@other.test", name
        assert _contents(held) == 1, name


@pytest.mark.parametrize("words", [("--tenant", "customer"), ("--from-domain", "customer.test"), ("--all",)])
def test_a_purge_ordered_while_the_service_is_down_is_carried_out_when_it_is_up(held, words):
    _send(held, "jane@example.test")
    held.service.stop()
    held.service.run("queue", "purge", *words)
    assert _contents(held) == 2
    held.service.start()
    held.service.drained()
    assert _contents(held) == 0
    assert held.postfix.messages() == []
