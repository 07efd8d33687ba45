"""Bodies in files: orphans go, named ones stay, names cannot leave the folder."""

from __future__ import annotations

import os

import pytest
from tests.contract.kit import START, submission

from estafette.store.sqlite.contents import ContentFiles


async def body(store) -> tuple[int, str]:
    number = store.mint.next()
    writer = await store.spool.content_writer(number)
    writer.write(b"x" * 2_000_000)
    await writer.close()
    return number, writer.name


async def test_orphans_older_than_an_hour_are_swept(store):
    named, (_, orphan), (_, young) = await body(store), await body(store), await body(store)
    await store.spool.accept(submission(id=named[0], body=b"", file=named[1]))
    for name, age in ((named[1], 9_000), (orphan, 3_700), (young, 3_500)):
        os.utime(store.folder / "contents" / name, (START - age, START - age))
    assert await store.spool.sweep(START) == 1
    await store.spool.accept(submission())
    assert sorted(store.spool.files.names()) == sorted((named[1], young))


async def test_a_body_given_up_leaves_nothing(store):
    writer = await store.spool.content_writer(store.mint.next())
    writer.write(b"x" * 2_000_000)
    await writer.discard()
    assert list(store.spool.files.names()) == []


@pytest.mark.parametrize("name", ["../spool.db", "/etc/passwd", "AB/../../lock", "x.eml", ""])
def test_a_name_cannot_leave_the_folder(tmp_path, name):
    with pytest.raises(ValueError, match="not the name"):
        ContentFiles(tmp_path / "contents").open(name)
