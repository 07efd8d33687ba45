"""The log on the command line: printed, exported, and followed while the store comes and goes."""

import asyncio
import json

import pytest
from tests.contract.kit import START, event, submission
from tests.prepared import control_in

from estafette.base import ids
from estafette.cli import progress
from estafette.cli.events import _follow
from estafette.cli.main import run
from estafette.model.event import unpack
from estafette.store.interface.history import EventFilter
from estafette.store.open import open_store


@pytest.fixture
def folder(tmp_path):
    control_in(tmp_path / "data").close()
    (tmp_path / "estafette.toml").write_text(
        f'[store]\nurl = "sqlite://{tmp_path}/data"\n[secrets]\nkeyring_file = "{tmp_path}/keyring"\n'
        "[listen]\nallow_plaintext_auth = true\nsubmissions = []\n[limits]\nfree_disk = 0\n"
    )
    return tmp_path


@pytest.fixture
def estafette(folder, capsys):
    def call(*arguments):
        assert run([*arguments, "--config", str(folder / "estafette.toml")]) == 0, capsys.readouterr()
        told = capsys.readouterr()
        return [json.loads(line) for line in told.out.splitlines()], told.err

    return call


def fill(folder, *facts):
    async def write():
        store = await open_store(f"sqlite://{folder}/data", free_disk=0)
        await store.spool.record(facts)
        await store.close()

    asyncio.run(write())


def test_events_are_chosen_and_the_cursor_goes_on(folder, estafette):
    facts = [
        event(7, n, "queued" if n % 2 else "delivered", tags=(f"t{n}",), recipient=f"u{n}@b.c") for n in range(1, 7)
    ]
    fill(folder, *facts)
    lines, _ = estafette("events")
    assert [each["id"] for each in lines] == [ids.show(unpack(fact).id) for fact in facts]
    second = str(lines[1]["cursor"])
    assert estafette("events", "--after", second)[0] == lines[2:]
    assert estafette("events", "--after", second, "--limit", "1", "--kind", "queued")[0] == [lines[2]]
    assert estafette("events", "--tag", "t4")[0] == [lines[3]]
    assert estafette("events", "--recipient", "U5@b.c", "--message", ids.show(7), "--stream", "main")[0] == [lines[4]]
    assert estafette("events", "--since", "2027-01-15T08:00:01Z")[0] == []
    assert estafette("events", "export", "--until", "2027-01-15T08:00:01Z", "--since", "2027-01-15")[0] == lines


def test_a_moment_that_is_none_is_a_wrong_line(folder, capsys):
    assert run(["events", "--since", "monday", "--config", str(folder / "estafette.toml")]) == 2
    assert "2026-01-31T12:00:00Z" in capsys.readouterr().err


def test_what_retention_removed_is_told(folder, estafette):
    fill(folder, *(event(7, n, "queued") for n in range(1, 5)))
    cursor = estafette("events")[0][1]["cursor"]

    async def prune():
        store = await open_store(f"sqlite://{folder}/data", free_disk=0)
        await store.history.prune(START + 1)
        await store.close()

    asyncio.run(prune())
    fill(folder, event(8, 1, "queued"))
    lines, told = estafette("events", "--after", str(cursor))
    assert [each["message"] for each in lines] == [f"{ids.show(8)}.1"]
    assert "removed by retention.events" in told


def test_an_export_shows_how_far_it_is_when_somebody_looks(folder, estafette, monkeypatch):
    fill(folder, *(event(7, n, "queued") for n in range(1, 5)))
    assert estafette("events", "export")[1] == ""
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    lines, told = estafette("events", "export")
    assert len(lines) == 4
    assert "100%" in told


async def test_a_follower_loses_nothing_while_the_store_restarts(folder, capsys, monkeypatch):
    from estafette.cli.call import call

    monkeypatch.setattr(call, "config", str(folder / "estafette.toml"))
    sent = []

    async def run_once(count):
        store = await open_store(f"sqlite://{folder}/data", free_disk=0)
        for _ in range(count):
            sent.append(submission())
            await store.spool.accept(sent[-1])
        await store.close()

    await run_once(1)
    following = asyncio.create_task(_follow(EventFilter(kind="queued"), 0, 12))
    for count in (3, 0, 5, 3):
        await run_once(count)
    async with asyncio.timeout(20):
        await following
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["message"] for each in lines] == [f"{ids.show(each.content.id)}.1" for each in sent]
