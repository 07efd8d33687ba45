"""Metrics are made by the process that counts: with a folder, in a file that bears its number."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import os, sys
from estafette.base import metrics
calls = metrics.counter("calls", "Calls.", "kind")
busy = metrics.gauge("busy", "Busy.")
os.environ[metrics.FOLDER_VARIABLE] = sys.argv[1]
assert os.listdir(sys.argv[1]) == []
pid = os.fork()
if pid == 0:
    metrics.open_metrics()
    calls.labels("a").inc(3)
    busy.set(2)
    os._exit(0)
os.waitpid(pid, 0)
names = sorted(os.listdir(sys.argv[1]))
assert names == [f"counter_{pid}.db", f"gauge_livesum_{pid}.db"], (pid, names)
from estafette.web.metrics import _registry
from prometheus_client import generate_latest
print(generate_latest(_registry()).decode())
"""


def test_a_forked_process_counts_in_a_file_of_its_own_and_its_parent_in_none(tmp_path):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert 'estafette_calls_total{kind="a"} 3.0' in done.stdout
    assert "estafette_busy 2.0" in done.stdout
