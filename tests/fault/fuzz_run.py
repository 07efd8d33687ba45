"""Run one fuzz target: ``python -m tests.fault.fuzz_run TARGET SECONDS [CORPUS]``. A crash ends with its trace."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["estafette"]):
    from tests.fault import fuzz_targets


def main() -> None:
    """Fuzz until the time is over."""
    name, seconds, *corpus = sys.argv[1:]
    options = [
        f"-max_total_time={seconds}",
        "-max_len=4096",
        "-timeout=20",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, *corpus], getattr(fuzz_targets, name))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
