"""Coverage-guided fuzzing of every parser of foreign octets; a target is any public function of ``fuzz_targets``."""

import inspect
import os
import re
import subprocess
import sys

import pytest
from tests.fault import fuzz_targets
from tests.servers import packages

SECONDS = int(os.environ.get("ESTAFETTE_TEST_FUZZ_SECONDS", "10"))
#: Set by ``make soak``.
SOAK = "ESTAFETTE_TEST_FUZZ_SECONDS" in os.environ
TARGETS = [
    name
    for name, found in inspect.getmembers(fuzz_targets, inspect.isfunction)
    if found.__module__ == fuzz_targets.__name__
    and not name.startswith("_")
    and (SOAK or name not in fuzz_targets.SOAKED)
]


@pytest.mark.timeout(SECONDS + 120)
@pytest.mark.parametrize("target", TARGETS)
def test_nothing_breaks_it(folder, target, record):
    command = [sys.executable, "-m", "tests.fault.fuzz_run", target, str(SECONDS), str(folder)]
    done = subprocess.run(command, cwd=packages.ROOT, capture_output=True, text=True, errors="replace")
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-4000:]
    executed = re.search(r"stat::number_of_executed_units: *(\d+)", said)
    assert executed is not None, said[-4000:]
    record({"executions": int(executed[1])})
