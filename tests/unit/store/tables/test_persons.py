"""What is left of an erased person in the control data: a keyed hash, and the tombstone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from estafette.model.address import AddressError
from estafette.model.erasure import Erased, Erasure
from estafette.model.ticket import Ticket
from estafette.model.webhook import Webhook
from estafette.store.interface.receipts import Receipt
from estafette.store.interface.records import AuditEntry
from estafette.store.tables.definitions.service import AUDIT
from estafette.store.tables.definitions.webhooks import WEBHOOK, WEBHOOK_CALL
from estafette.store.tables.directory import DirectorySnapshot
from estafette.store.tables.engine import writing
from estafette.store.tables.rows import columns
from estafette.tenancy import credentials, persons, suppressions, tenants
from estafette.tenancy.office import Office

ANN = "Ann.Smith@Example.com"
TRACE = re.compile("ann.smith(@|=|%40)example.com", re.IGNORECASE)


def everything(office: Office) -> str:
    """Return every row of every table as text."""
    from estafette.store.tables.definitions import METADATA

    with office.control.engine.connect() as connection:
        rows = [row for table in METADATA.sorted_tables for row in connection.execute(select(table))]
    return repr(rows).replace("\\x40", "@")


@pytest.fixture
def acme(office: Office) -> str:
    tenants.create(office, "Acme")
    tenants.create(office, "Other")
    login = credentials.create(office, "Acme")
    suppressions.add(office, "Acme", ANN, reason="complaint")
    suppressions.add(office, "Acme", ANN, stream="bulk", reason="unsubscribe")
    suppressions.add(office, "Acme", f"x{ANN}", reason="bounce")
    suppressions.add(office, "Acme", "joe@example.com", reason="bounce")
    suppressions.remove(office, "Acme", ANN, stream="bulk")
    owner = office.tenant("Acme").id
    held = AuditEntry(at=1.0, actor="cli:root", action="queue.hold", subject=f"recipient={ANN}", before={ANN: [ANN]})
    office.control.record(held)
    receipt = Receipt(credential=login["id"], key="k", digest=b"", answer=f"to {ANN}".encode(), created=1.0)
    office.control.receipts.keep(receipt, stale=0.0)
    office.control.receipts.keep(Receipt(**columns(receipt) | {"key": "l", "answer": b"to joe"}), stale=0.0)
    _called(office, owner, f'{{"recipient": "{ANN}"}}', "c1")
    _called(office, owner, '{"recipient": "joe@example.com"}', "c2")
    for place, (sender, said) in enumerate(((ANN, ""), ("joe@example.com", f"{ANN} wrote"), ("joe@example.com", ""))):
        _written(office, owner, sender, said, place)
    return owner


def _written(office: Office, owner: str, sender: str, text: str, place: int) -> None:
    letter = Ticket(
        id=f"k{place}", tenant=owner, address="abuse@acme.example", sender=sender, received=1.0, seen=1.0,
        message=place, likeness=f"{place}", text=text,
    )  # fmt: skip
    office.control.tickets.open(letter, alike_since=0.0, most=9)


def _called(office: Office, owner: str, body: str, call: str) -> None:
    hook = Webhook(
        id="w1", tenant=owner, url="https://a.example", name="", format="standard", sealed=b"", created=1.0
    )  # fmt: skip
    made = {
        "webhook": "w1", "id": call, "place": 1, "message": 1, "kind": "delivered", "body": body.encode(), "created": 1.0,
        "state": "ended", "ended": 1.0, "tried": 1, "tries": [{"body": f"seen {body}"}],
    }  # fmt: skip
    with writing(office.control.engine) as connection:
        if not connection.execute(select(WEBHOOK)).first():
            connection.execute(insert(WEBHOOK), columns(hook))
        connection.execute(insert(WEBHOOK_CALL), made)


def test_nothing_names_the_person_and_others_stay(office: Office, acme: str, directory: DirectorySnapshot) -> None:
    assert TRACE.search(everything(office))
    erasure = persons.begin(office, "Acme", ANN)
    assert re.fullmatch(r"erased-[0-9a-f]{16}@erased\.invalid", erasure.tombstone)
    told = persons.finish(office, erasure, Erased(events=7, kept=1, kept_until=3.5))
    assert (told["suppressions"], told["receipts"], told["webhook_calls"], told["tickets"]) == (1, 1, 1, 2)
    assert (told["events"], told["contents_kept"], told["kept_until"]) == (7, 1, "1970-01-01T00:00:03.500000Z")
    left = everything(office)
    assert TRACE.search(left.replace(f"x{ANN.lower()}", "")) is None
    assert f"x{ANN.lower()}" in left
    assert "joe@example.com" in left
    directory.reload()
    assert directory.suppressed(acme, "bulk", ANN) == "erased"
    assert directory.suppressed(acme, "personal", "joe@example.com") == "bounce"
    assert directory.suppressed(office.tenant("Other").id, "bulk", ANN) == ""
    entry = office.control.audit(limit=1)[0]
    assert (entry.action, entry.tenant, entry.subject) == ("person.erase", acme, erasure.tombstone)
    assert any(each.before == {erasure.tombstone: [erasure.tombstone]} for each in office.control.audit())


@pytest.mark.parametrize("control", ["sqlite"], indirect=True)
def test_no_page_of_a_control_db_remembers(office: Office, acme: str) -> None:
    suppressions.remove(office, "Acme", f"x{ANN}")
    for address in (ANN, f"x{ANN}"):
        persons.finish(office, persons.begin(office, acme, address), Erased())
    files = list(_files(office))
    assert files
    assert not [path for path in files if TRACE.search(path.read_bytes().decode("latin-1"))]


def _files(office: Office) -> Iterator[Path]:
    place = office.control.engine.raw_connection()
    try:
        main = Path(place.cursor().execute("PRAGMA database_list").fetchone()[2])
    finally:
        place.close()
    return main.parent.glob(f"{main.name}*")


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "nothing"},
        {"subject": "erased-1@erased.invalid", "actor": "somebody"},
        {"subject": "erased-1@erased.invalid", "at": 5.0},
        {"subject": "erased-1@erased.invalid", "tenant": ""},
    ],
)
def test_the_audit_is_reworded_only_to_forget_somebody(office: Office, acme: str, change: dict) -> None:
    with pytest.raises(DBAPIError, match="append-only"), writing(office.control.engine) as connection:
        connection.execute(update(AUDIT).where(AUDIT.c.tenant == acme).values(change))
    with pytest.raises(DBAPIError, match="append-only"), writing(office.control.engine) as connection:
        connection.execute(text("DELETE FROM audit"))


def test_an_address_that_is_none_erases_nobody(office: Office, acme: str) -> None:
    with pytest.raises(AddressError):
        persons.begin(office, acme, "nobody")
    assert "erased" not in everything(office)


def test_odd_addresses_are_matched_as_they_stand(office: Office, acme: str) -> None:
    odd = "50%_off@example.com"
    office.control.record(AuditEntry(at=1.0, actor="a", action="x", tenant=acme, subject="50xyoff@example.com"))
    office.control.record(AuditEntry(at=1.0, actor="a", action="x", tenant=acme, subject=odd))
    assert office.control.persons.wipe(Erasure(acme, odd, "t@erased.invalid"), office.entry("person.erase")).audit == 1
