"""``make bench``: prints target, measured and ratio per row; ends with 1 when a row is below its target.

Rounds are interleaved: each round measures the peer and Estafette one after the other, ratios are taken inside the
round, and a ratio is claimed only when every round agrees. ``--rows NAME ...`` picks rows, ``--rounds N`` their number,
``--json`` and ``--markdown`` the form.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.servers import packages

from benchmarks.load import scratch
from benchmarks.rows.api import api
from benchmarks.rows.classification import classification
from benchmarks.rows.depth import depth
from benchmarks.rows.intake import intake
from benchmarks.rows.metering import metering_row
from benchmarks.rows.person import person
from benchmarks.rows.redirect import redirect
from benchmarks.rows.returns import returns
from benchmarks.rows.row import FOLDER, Row
from benchmarks.rows.signed import signed
from benchmarks.rows.statistics import counters
from benchmarks.rows.suppression import suppression
from benchmarks.rows.templates import templates
from benchmarks.rows.tenants import crowd
from benchmarks.rows.tls import tls
from benchmarks.rows.tracking import tracking
from benchmarks.rows.uploads import uploads
from benchmarks.rows.webhooks import webhooks

ROWS: dict[str, Callable[[int], list[Row]]] = {
    "intake": intake, "signed": signed, "tls": tls, "depth": depth, "person": person, "uploads": uploads,
    "api": api, "tenants": crowd, "metering": metering_row,
    "tracking": tracking, "templates": templates, "redirect": redirect, "webhooks": webhooks, "statistics": counters,
    "suppression": suppression, "returns": returns, "classification": classification,
}  # fmt: skip


def isolate() -> None:
    """Run again in a network namespace that has only loopback, so that nothing can leave this machine."""
    if os.environ.get("BENCH_NETNS") or os.geteuid() or not shutil.which("unshare"):
        return
    os.environ["BENCH_NETNS"] = "1"
    os.execvp(
        "unshare", ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$0" "$@"', sys.executable, *sys.argv]
    )


def show(rows: list[Row], form: str) -> None:
    """Print the table."""
    if form == "json":
        print(json.dumps([row.__dict__ for row in rows]))
    elif form == "markdown":
        print("| what | target | measured: median (least-most) | met |\n|---|---|---|---|")
        for row in rows:
            print(f"| {row.name} | {row.target} | {row.measured} | {'yes' if row.passed else 'NO'} |")
    else:
        for row in rows:
            print(f"{'ok  ' if row.passed else 'LOW '} {row.name:55} target {row.target:24} measured {row.measured}")


def main() -> int:
    """Measure the chosen rows and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="*", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", dest="form", action="store_const", const="json", default="plain")
    parser.add_argument("--markdown", dest="form", action="store_const", const="markdown")
    chosen = parser.parse_args()
    for trouble in packages.ensure():
        print(trouble, file=sys.stderr)
    isolate()
    scratch(FOLDER)
    rows = [row for name in chosen.rows for row in ROWS[name](chosen.rounds)]
    shutil.rmtree(FOLDER, ignore_errors=True)
    show(rows, chosen.form)
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
