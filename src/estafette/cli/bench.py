"""``estafette bench``: where the measurements are."""

from __future__ import annotations

from pathlib import Path

import estafette
from estafette.base.errors import Fault
from estafette.cli import output


def bench() -> None:
    """Say how to measure this machine; the harness and its peers live in the checkout, not in the package."""
    script = Path(estafette.__file__).parents[2] / "benchmarks" / "run.py"
    if not script.is_file():
        raise Fault("the benchmarks are not installed", place=str(script), fix="clone it and run make bench")
    output.resource({"run": f"make -C {script.parents[1]} bench", "script": str(script)})
