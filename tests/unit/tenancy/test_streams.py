from __future__ import annotations

import msgspec
import pytest

from estafette.base.errors import Fault
from estafette.model.window import DAYS, SendingWindow
from estafette.store.interface.records import AlreadyThere, Stale
from estafette.store.interface.sending import InUse
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import audit, credentials, streams, tenants
from estafette.tenancy.office import NotFound, Office
from estafette.tenancy.permissions import Actor, Forbidden
from estafette.tenancy.streams import Habits

HOURS = SendingWindow(("wed", "mon"), "08:00", "18:00", "Europe/Paris")


@pytest.fixture
def acme(office: Office) -> str:
    return str(tenants.create(office, "Acme")["id"])


def owner_of(office: Office, tenant: str) -> Office:
    who = Actor(kind="user", id="u", name="anna@acme.example", roles={tenant: "owner"})
    return msgspec.structs.replace(office, who=who)


def test_every_tenant_has_three_and_only_newsletters_are_measured(office: Office, acme: str) -> None:
    found = {each["name"]: (each["kind"], each["tracking"], each["private"]) for each in listed(office)}
    assert found == {
        "personal": ("personal", "off", True),
        "transactional": ("transactional", "off", False),
        "bulk": ("bulk", "aggregate", False),
    }


def listed(office: Office) -> list[dict]:
    return streams.list_all(office, "Acme")["items"]


def test_a_named_stream_has_its_habits(office: Office, acme: str, directory: DirectorySnapshot) -> None:
    wanted = Habits(
        tracking="consented", report_to="ops@acme.example", reply_to="help@acme.example", retention=3600.0,
        suppression="tenant", window=HOURS, egress="quiet",
    )  # fmt: skip
    made = streams.create(office, "Acme", "invoices", "bulk", wanted)
    assert made["window"] == {"days": ["mon", "wed"], "from": "08:00", "to": "18:00", "zone": "Europe/Paris"}
    assert (made["reply_to"], made["suppression"], made["retention"]) == ("help@acme.example", "tenant", 3600.0)
    directory.reload()
    held = directory.stream(acme, "invoices")
    assert held is not None
    assert held.window == SendingWindow(("mon", "wed"), "08:00", "18:00", "Europe/Paris")
    changed = streams.update(office, acme, "invoices", Habits(retention=-1, window=SendingWindow((), "", "", "UTC")))
    assert (changed["window"], changed["retention"], changed["tracking"]) == (None, None, "consented")
    entry = audit.list_all(office, action="stream.update")["items"][0]
    assert entry["before"]["window_days"] == ["mon", "wed"]
    assert entry["after"]["retention"] is None


@pytest.mark.parametrize(
    ("name", "habits", "words"),
    [
        ("Invoices", Habits(), "no name"),
        ("", Habits(), "no name"),
        ("x", Habits(window=SendingWindow(("someday",), "08:00", "09:00", "UTC")), "no day"),
        ("x", Habits(window=SendingWindow(DAYS, "08:00", "8:00", "UTC")), "time of day"),
        ("x", Habits(window=SendingWindow(DAYS, "08:00", "08:00", "UTC")), "never open"),
        ("x", Habits(window=SendingWindow(DAYS, "24:00", "08:00", "UTC")), "never open"),
        ("x", Habits(window=SendingWindow(DAYS, "08:00", "09:00", "Mars/Base")), "time zone"),
        ("x", Habits(retention=1e12), "ten years"),
        ("x", Habits(tracking="always"), "no tracking"),
    ],
)
def test_odd_habits_are_refused_and_nothing_is_kept(
    office: Office, acme: str, name: str, habits: Habits, words: str
) -> None:
    with pytest.raises(Fault, match=words):
        streams.create(office, "Acme", name, "bulk", habits)
    assert len(listed(office)) == 3


def test_a_name_is_taken_once_and_a_foreign_stream_is_not_there(office: Office, acme: str) -> None:
    tenants.create(office, "Other")
    streams.create(office, "Acme", "invoices", "transactional")
    with pytest.raises(AlreadyThere):
        streams.create(office, "Acme", "invoices", "bulk")
    with pytest.raises(NotFound):
        streams.show(office, "Other", "invoices")
    with pytest.raises(NotFound):
        streams.remove(office, "Other", "invoices")


def test_a_stream_goes_when_nobody_sends_on_it(office: Office, acme: str, directory: DirectorySnapshot) -> None:
    streams.create(office, "Acme", "invoices", "transactional")
    made = credentials.create(office, "Acme", stream="invoices")
    with pytest.raises(InUse, match="1 credentials"):
        streams.remove(office, "Acme", "invoices")
    credentials.revoke(office, str(made["id"]))
    directory.reload()
    assert streams.remove(office, "Acme", "invoices")["removed"]
    directory.reload()
    assert directory.stream(acme, "invoices") is None
    with pytest.raises(Fault, match="every tenant"):
        streams.remove(office, "Acme", "bulk")


def test_whoever_was_slower_changes_nothing(office: Office, acme: str) -> None:
    seen = streams.show(office, "Acme", "bulk")["version"]
    streams.update(office, "Acme", "bulk", Habits(tracking="off"))
    with pytest.raises(Stale):
        streams.update(msgspec.structs.replace(office, expected=seen), "Acme", "bulk", Habits(tracking="individual"))
    assert streams.show(office, "Acme", "bulk")["tracking"] == "off"


def test_an_owner_chooses_neither_addresses_nor_its_own_pardon(office: Office, acme: str) -> None:
    inside = owner_of(office, acme)
    assert streams.update(inside, acme, "bulk", Habits(tracking="off"))["tracking"] == "off"
    for habits in (Habits(egress="reserved"), Habits(suspended="")):
        with pytest.raises(Forbidden):
            streams.update(inside, acme, "bulk", habits)
