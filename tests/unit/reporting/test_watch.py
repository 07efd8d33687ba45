from __future__ import annotations

from random import Random

import msgspec
import pytest
from tests.prepared import control_in
from tests.unit.reporting.weeks import START, hour, weeks

from estafette.base.seal import Keyring
from estafette.model.anomaly import ANOMALY_KINDS, Finding
from estafette.model.user import LANGUAGES
from estafette.reporting import alerts, watch
from estafette.reporting.anomalies import HOUR, WEEK
from estafette.store.interface.statistics import Cell
from estafette.store.open import open_store
from estafette.tenancy import tenants
from estafette.tenancy.office import Office

NOW = START + 9 * WEEK + 3 * 24 * HOUR + 10 * HOUR


@pytest.fixture
async def store(tmp_path):
    opened = await open_store(f"sqlite://{tmp_path}", free_disk=0)
    yield opened
    await opened.close()


@pytest.fixture
def office(tmp_path):
    control = control_in(tmp_path)
    made = Office(control=control, keyring=Keyring.create(tmp_path / "keyring"), now=lambda: NOW + HOUR + 60.0)
    yield made
    control.close()


async def counted(store, tenant, hours):
    position = await store.statistics.position()
    cells = {
        Cell(tenant, at, "all", "", measure): amount
        for at, counts in hours.items()
        for measure, amount in counts.items()
    }
    await store.statistics.add(position, position + 1, cells)


@pytest.fixture
async def tenant(office, store):
    made = tenants.create(office, "Acme")["id"]
    held = office.tenant(made)
    office.control.put_tenant(
        msgspec.structs.replace(held, alert_to="boss@acme.example", language="fr"), office.entry("t")
    )
    past = {at: counts for at, counts in weeks(Random(7), 10).items() if NOW - 8 * WEEK <= at < NOW}
    await counted(store, made, past)
    return made


async def test_a_jump_is_found_in_the_counters_told_once_and_listed(office, store, tenant):
    await counted(store, tenant, {NOW: hour(Random(1), (NOW - START) // HOUR, bounce=0.2)})
    quiet = tenants.create(office, "Quiet")["id"]
    assert await watch.look_at_all(office, store.statistics, NOW + HOUR) == 1
    assert await watch.look_at_all(office, store.statistics, NOW + HOUR) == 0
    ((anomaly, note),) = watch.owed(office)
    assert (anomaly.kind, note.to, note.tenant) == ("bounce", ("boss@acme.example",), tenant)
    assert "au lieu de" in note.subject
    assert "{" not in note.text
    watch.told(office, anomaly)
    assert watch.owed(office) == []
    (item,) = alerts.list_all(office, tenant)["items"]
    assert (item["kind"], item["ended"], item["first"]["hours"]) == ("bounce", None, 1)
    assert item["first"]["share"] > 0.1
    assert alerts.list_all(office, quiet)["items"] == []
    assert alerts.list_all(office, tenant, lasting=False)["items"] == []


async def test_a_quiet_hour_is_no_alert(office, store, tenant):
    await counted(store, tenant, {NOW: hour(Random(1), (NOW - START) // HOUR)})
    assert await watch.look_at_all(office, store.statistics, NOW + HOUR) == 0
    assert watch.owed(office) == []


async def test_an_episode_of_a_tenant_that_fell_silent_ends(office, store, tenant):
    await counted(store, tenant, {NOW: hour(Random(1), (NOW - START) // HOUR, bounce=0.2)})
    await watch.look_at_all(office, store.statistics, NOW + HOUR)
    await watch.look_at_all(office, store.statistics, NOW + 20 * WEEK)
    (item,) = alerts.list_all(office, tenant)["items"]
    assert item["ended"] is not None


@pytest.mark.parametrize("kind", ANOMALY_KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_is_a_sentence(kind, language):
    base = 0 if kind.startswith("volume") else 1_000
    sentence = alerts.said(Finding(kind=kind, at=1.0, span=1, events=50, base=base, usual=0.0123), language)
    assert "{" not in sentence
    assert ("1,2 %" if language == "fr" else "1.2 %") in sentence or not base
