"""``estafette insight`` over a real store, in its own process as an operator calls it."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from estafette.cli.main import run
from estafette.model.anomaly import Anomaly, Finding
from estafette.store.interface.statistics import HOUR, Cell
from estafette.store.open import open_store
from estafette.store.tables.control import open_control


@pytest.fixture
def estafette(tmp_path, capsys):
    file = tmp_path / "estafette.toml"
    file.write_text(
        f'[store]\nurl = "sqlite://{tmp_path}/data"\n[secrets]\nkeyring_file = "{tmp_path}/keyring"\n'
        "[listen]\nallow_plaintext_auth = true\nsubmissions = []\n[limits]\nfree_disk = 0\n"
    )

    def called(*arguments, code=0, text=False):
        form = () if text else ("--json",)
        assert run([*arguments, *form, "--config", str(file)]) == code, capsys.readouterr()
        captured = capsys.readouterr()
        told = captured.err if code else captured.out
        return told if text else json.loads(told)

    called("init")
    return called


@pytest.fixture
def tenant(estafette, tmp_path):
    """A tenant whose campaign met many dead addresses, with an alert about it."""
    made = estafette("tenant", "create", "Acme")["id"]
    counts = {"delivered": 1_700, "bounced.hard": 300, "opened.raw": 9, "opened.machine": 9,
              "opened.machine.scanner": 9}  # fmt: skip
    hour = int(time.time()) // HOUR * HOUR
    places = [("all", ""), ("campaign", "old"), ("provider", "google")]
    cells = {Cell(made, hour, *place, measure): amount for place in places for measure, amount in counts.items()}
    asyncio.run(_count(tmp_path, cells))
    finding = Finding(kind="bounce", at=float(hour), span=1, events=300, base=2_000, usual=0.01)
    control = open_control(tmp_path / "data")
    control.anomalies.add(
        Anomaly(id="n1", tenant=made, kind="bounce", begun=1.0, seen=1.0, first=finding, worst=finding)
    )
    control.close()
    return made


async def _count(folder, cells):
    store = await open_store(f"sqlite://{folder}/data", free_disk=0)
    await store.statistics.add(0, 1, cells)
    await store.close()


def test_each_question_prints_the_resource_of_the_api(estafette, tenant):
    fall = estafette("insight", "waterfall", "--tenant", "Acme", "--campaign", "old")
    assert (fall["opened"]["raw"], fall["opened"]["people"]) == (9, 0)
    (google,) = estafette("insight", "providers", "--tenant", "Acme")["items"]
    assert (google["provider"], google["now"]["accepted"]) == ("google", 1_700)
    (suggestion,) = estafette("insight", "suggestions", "--tenant", "Acme")["items"]
    assert (suggestion["rule"], suggestion["subject"]) == ("addresses", "old")
    (alert,) = estafette("insight", "alerts", "--tenant", "Acme", "--lasting")["items"]
    assert alert["id"] == "n1"


def test_people_read_sentences_in_their_language(estafette, tenant):
    told = estafette("insight", "suggestions", "--tenant", "Acme", "--language", "fr", text=True)
    assert told.startswith("Retirer les adresses mortes de old\n")
    assert "google" in estafette("insight", "providers", "--tenant", "Acme", text=True)
    assert "300 of 2000 deliveries" in estafette("insight", "alerts", "--tenant", "Acme", text=True)


def test_what_is_asked_for_must_be_there(estafette, tenant):
    assert estafette("insight", "waterfall", "--tenant", "Acme", code=2)["error"]["place"] == "--campaign"
    assert estafette("insight", "waterfall", "--tenant", "Acme", "--tag", "none", code=1)["error"]["place"] == "tag"
    assert estafette("insight", "providers", "--tenant", "Nobody", code=1)["error"]["place"] == "--tenant"
