"""Forked children: what they keep of their parent, how they end, and what the parent hears of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def done() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.unit.runtime.forking"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)


@pytest.fixture
def seen(done) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()  # no child went on as its parent
    return json.loads(line)


def test_the_exit_code_is_what_the_work_returns(seen):
    assert seen["codes"] == [0, 1, 70]


def test_of_many_that_end_at_once_every_code_is_heard(seen):
    assert seen["many"] == list(range(20))


def test_a_killed_child_ends_with_its_signal_and_is_not_signalled_again(seen):
    assert seen["killed"] == -signal.SIGKILL


def test_sigterm_before_the_child_handles_it_ends_the_child_and_reaches_nobody_else(seen):
    assert seen["before_its_handlers"] == {"code": -signal.SIGTERM, "heard": []}


def test_an_exception_ends_the_child_with_1_and_is_told(seen, done):
    assert seen["failed"] == 1
    assert "LookupError: lost" in done.stderr


def test_no_descriptor_of_the_parent_is_open_but_what_was_kept(seen):
    kept = [name for name in seen["descriptors"] if name.startswith(("socket:", "anon_inode:", str(ROOT)))]
    assert kept == []
    assert any(name.startswith("pipe:") for name in seen["descriptors"])


def test_a_child_has_its_own_loop_and_name(seen):
    assert seen["name"] == "est-test"


def test_a_process_with_threads_is_not_forked(seen):
    assert "threads" in seen["threaded"]
