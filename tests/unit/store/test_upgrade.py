"""Rows of an older release are told apart by login as new ones are."""

from __future__ import annotations

import msgspec
from tests.contract.kit import submission

from estafette.model.message import Submission
from estafette.model.rule import Filter
from estafette.store.open import open_store
from estafette.store.sqlite.database import open_writer
from estafette.store.sqlite.statements import sql


def _older(sent):
    rows = tuple(msgspec.structs.replace(row, credential="") for row in sent.deliveries)
    return Submission(sent.content, rows, sent.events)


def _spoil(path, message):
    """Make it the file of a release that wrote no logins, with one damaged row."""
    connection = open_writer(path, schema="schema.sql")
    connection.execute("DELETE FROM meta WHERE key = 'credentials_named'")
    connection.execute("UPDATE delivery SET data = x'c1' WHERE message = ?", (message,))
    connection.close()


async def test_rows_of_an_older_release_learn_their_login_at_the_first_start(tmp_path, clock):
    url, path = f"sqlite://{tmp_path}/d", tmp_path / "d" / "spool.db"
    store = await open_store(url, clock=clock, free_disk=0)
    sent, notice, damaged = submission("a@example.com", "b@example.com"), submission(credential=""), submission()
    for each in (sent, notice, damaged):
        await store.spool.accept(_older(each))
    assert (await store.spool.find(Filter(credential="c1"))).items == ()
    await store.close()
    _spoil(path, damaged.content.id)
    store = await open_store(url, clock=clock, free_disk=0)
    assert (await store.spool.find(Filter(credential="c1"))).items == sent.deliveries
    assert (await store.spool.find(Filter(message=notice.content.id))).items == notice.deliveries
    await store.close()


def test_whoever_wrote_none_has_nothing_to_learn(tmp_path):
    connection = open_writer(tmp_path / "spool.db", schema="schema.sql")
    assert connection.execute(sql("rows_and_heads"), (0, 0, 10)).fetchall() == []
    connection.close()
