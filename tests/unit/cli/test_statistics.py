"""Counters on the command line: a table, JSON, CSV, and the proof."""

import asyncio
import json

import pytest
from tests.unit.reporting.log import about, mint

from estafette.base.seal import Keyring
from estafette.cli.main import run
from estafette.events.reader import read_on
from estafette.model.event import pack
from estafette.reporting.desk import CountingDesk
from estafette.store.interface.statistics import Cell
from estafette.store.open import open_store
from estafette.store.tables.control import open_control
from estafette.tenancy import tenants
from estafette.tenancy.office import Office
from estafette.tenancy.permissions import Actor

SPAN = ("--since", "2027-01-15", "--until", "2027-01-16")


@pytest.fixture
def shop(tmp_path, capsys):
    """A store with a tenant and 300 letters of it, counted; call it for a verb's exit code and what it printed."""
    keyring = Keyring.create(tmp_path / "keyring")
    (tmp_path / "data").mkdir()
    control = open_control(tmp_path / "data", upgrade=True)
    office = Office(control=control, keyring=keyring, now=lambda: 1.0, who=Actor(kind="cli", id="", name="root"))
    number = tenants.create(office, "acme")["id"]
    control.close()
    (tmp_path / "estafette.toml").write_text(
        f'[store]\nurl = "sqlite://{tmp_path}/data"\n[secrets]\nkeyring_file = "{tmp_path}/keyring"\n'
        "[listen]\nallow_plaintext_auth = true\nsubmissions = []\n[limits]\nfree_disk = 0\n"
    )
    asyncio.run(_fill(tmp_path, number))

    def call(*arguments):
        code = run(["statistics", *arguments, "--config", str(tmp_path / "estafette.toml")])
        told = capsys.readouterr()
        return code, told.out, told.err

    call.folder, call.tenant = tmp_path, number
    return call


async def _fill(folder, tenant):
    store = await open_store(f"sqlite://{folder}/data", free_disk=0)
    events = []
    for number in range(300):
        labels = {"tenant": tenant, "campaign": "a\x1b[31m" if number % 2 else "spring", "message": mint.next()}
        events += [about("queued", **labels), about("bounced" if number < 30 else "delivered", site="gmail", **labels)]
    await store.history.append([(place, pack(event)) for place, event in enumerate(events, 1)])
    await read_on(store.history, CountingDesk(store.statistics, store.history))
    await store.close()


def test_a_table_has_counts_and_rates_with_their_intervals(shop):
    code, out, _ = shop("show", "--tenant", "acme", *SPAN, "--group", "campaign")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].split()[:3] == ["CAMPAIGN", "QUEUED", "DELIVERED"]
    total = next(line for line in lines if line.startswith("total"))
    assert total.split()[:3] == ["total", "300", "270"]
    assert "10.0 % (" in total
    assert "\x1b" not in out
    assert any("inbox" in line for line in lines)


def test_json_and_csv_are_the_answer_of_the_api(shop):
    code, out, _ = shop("show", "--tenant", "acme", *SPAN, "--by", "day", "--compare", "--json")
    told = json.loads(out)
    assert (code, told["items"][0]["counts"]["queued"], told["totals"]["previous"]["counts"]) == (0, 300, {})
    code, out, _ = shop("show", "--tenant", "acme", *SPAN, "--filter", "campaign=spring", "--csv", "--per", "queued")
    assert code == 0
    assert out.splitlines()[1].split(",")[1] == "135"


def test_what_is_wrong_is_said(shop):
    for wrong, place in [
        (("--tenant", "nobody"), "--tenant"), (("--tenant", "acme", "--filter", "x"), "--filter"),
        (("--tenant", "acme", "--filter", "x=y"), "group"), (("--tenant", "acme", "--timezone", "Mars"), "timezone"),
    ]:  # fmt: skip
        code, _, err = shop("show", *wrong)
        assert code in {1, 2}
        assert f"place: {place}" in err


def test_the_proof_ends_with_1_when_a_counter_is_wrong(shop):
    code, out, _ = shop("verify", "--json")
    assert (code, json.loads(out)["equal"], json.loads(out)["events"]) == (0, True, 600)

    async def spoil():
        store = await open_store(f"sqlite://{shop.folder}/data", free_disk=0)
        place = await store.statistics.position()
        cell = Cell(shop.tenant, int(about("queued").at), "all", "", "queued")
        assert await store.statistics.add(place, place, {cell: 1})
        await store.close()

    asyncio.run(spoil())
    code, out, _ = shop("verify", "--json")
    told = json.loads(out)
    assert (code, told["equal"], told["unequal"]) == (1, False, 1)
    assert told["differences"][0].endswith("queued: +1 counted beyond the log")
