"""Forked children: what they keep of their parent, how they end, and what the parent hears of it."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path

import pytest

from estafette.runtime.children import Children


@pytest.fixture
async def children():
    made = Children()
    yield made
    asyncio.get_running_loop().remove_signal_handler(signal.SIGCHLD)


def _descriptors() -> list[str]:
    return sorted(str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.exists())


def _tell(writing: int, what: object) -> int:
    os.write(writing, repr(what).encode())
    return 0


async def _told(children, work, code=0):
    """Return what a child wrote into its pipe."""
    reading, writing = os.pipe()
    child = children.fork("est-test", lambda: work(writing), {writing})
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert await asyncio.wait_for(child.wait(), 20) == code
        return pipe.read()


@pytest.mark.parametrize("code", [0, 1, 70])
async def test_the_exit_code_is_what_the_work_returns(children, code):
    assert await asyncio.wait_for(children.fork("est-test", lambda: code, ()).wait(), 20) == code


async def test_of_many_that_end_at_once_every_code_is_heard(children):
    forked = [children.fork("est-test", lambda code=code: code, ()) for code in range(20)]
    assert await asyncio.wait_for(asyncio.gather(*[each.wait() for each in forked]), 20) == list(range(20))


async def test_a_killed_child_ends_with_its_signal_and_is_not_signalled_again(children):
    child = children.fork("est-test", lambda: signal.pause() or 0, ())
    child.send(signal.SIGKILL)
    assert await asyncio.wait_for(child.wait(), 20) == -signal.SIGKILL
    child.send(signal.SIGTERM)


async def test_sigterm_before_the_child_handles_it_ends_the_child_and_reaches_nobody_else(children):
    heard = []
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, heard.append, "parent")
    try:
        child = children.fork("est-test", lambda: signal.pause() or 0, ())
        child.send(signal.SIGTERM)
        assert await asyncio.wait_for(child.wait(), 20) == -signal.SIGTERM
        assert heard == []
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)


async def test_an_exception_ends_the_child_with_1_and_never_returns_into_the_parent(children, capfd):
    def fail() -> int:
        raise LookupError("lost")

    assert await asyncio.wait_for(children.fork("est-test", fail, ()).wait(), 20) == 1
    assert "LookupError: lost" in capfd.readouterr().err


async def test_no_descriptor_of_the_parent_is_open_but_what_was_kept(children, tmp_path):
    with (tmp_path / "parents").open("w"):
        told = await _told(children, lambda writing: _tell(writing, _descriptors()))
    assert "parents" not in told
    assert "eventpoll" not in told
    assert "socket" not in told


async def test_a_child_has_its_own_loop_and_name(children):
    async def name() -> str:
        return Path("/proc/self/comm").read_text().strip()

    told = await _told(children, lambda writing: _tell(writing, asyncio.run(name())))
    assert told == "'est-test'"


async def test_a_process_with_threads_is_not_forked(children):
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        with pytest.raises(RuntimeError, match="threads"):
            children.fork("est-test", lambda: 0, ())
    finally:
        over.set()
        thread.join()
