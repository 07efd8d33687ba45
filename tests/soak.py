"""``make soak``: long kill rounds and fuzzing; writes ``docs/evidence/<date>.json``. Exit 0 only when all held.

Every suite is bounded: one that overstays is ended and counts as failed. Ctrl-C writes what is known by then, as
not passed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET  # the file is ours
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.servers import packages  # noqa: E402 - the checkout is put on the path first

#: minutes at which the issue's numbers are reached: 300 kill rounds for each group, 10 minutes for each fuzz target
FULL = 60
ROUNDS, FUZZ = 300, 600
WIDTH = 30
_TESTS = re.compile(r"\b(?:PASSED|FAILED|ERROR|SKIPPED) tests/")


class Suite:
    """One run of pytest. seconds: how long it should take, for the bar and the bound."""

    def __init__(self, name: str, folder: str, settings: dict[str, str], seconds: float) -> None:
        self.name, self._folder, self._settings = name, folder, settings
        self._seconds = seconds
        self._log = Path(tempfile.mkstemp(prefix=f"estafette-soak-{name}-", suffix=".log")[1])
        self._report = self._log.with_suffix(".xml")

    def run(self) -> dict[str, Any]:
        """Run it and return what there is to tell."""
        began = time.monotonic()
        ending = self._play(began)
        cases = self._cases()
        failed = [case["name"] for case in cases if case["result"] not in {"passed", "skipped"}]
        skipped = [case["name"] for case in cases if case["result"] == "skipped"]
        ok = ending == 0 and bool(cases) and not failed and not skipped
        return {
            "name": self.name, "ok": ok, "ending": ending, "seconds": round(time.monotonic() - began, 1),
            "settings": self._settings, "tests": cases, "failed": failed, "skipped": skipped,
            "last_words": [] if ok else self._said().splitlines()[-40:],
        }  # fmt: skip

    def _play(self, began: float) -> int | str:
        command = [
            sys.executable, "-m", "pytest", "-v", "-n", "2", "--timeout", str(int(self._bound)), "-p", "no:cacheprovider",
            f"--junit-xml={self._report}", self._folder,
        ]  # fmt: skip
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | self._settings, stdout=log, stderr=log, start_new_session=True
            )
            try:
                while process.poll() is None:
                    passed = time.monotonic() - began
                    self._bar(passed)
                    if passed > self._bound:
                        return self._end(process, "overstayed")
                    time.sleep(1)
            except KeyboardInterrupt:
                return self._end(process, "interrupted")
        self._bar(time.monotonic() - began, done=True)
        return process.returncode

    @property
    def _bound(self) -> float:
        return 3 * self._seconds + 600

    @staticmethod
    def _end(process: subprocess.Popen[bytes], why: str) -> str:
        """End pytest gently, so that the rigs end their services, then by force."""
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        return why

    def _bar(self, passed: float, *, done: bool = False) -> None:
        part = 1.0 if done else min(passed / self._seconds, 0.99)
        ended = len(_TESTS.findall(self._said()))
        bar = "#" * round(part * WIDTH)
        line = f"{self.name:6} [{bar:{WIDTH}}] {passed / 60:5.1f} of about {self._seconds / 60:.0f} min, {ended} tests ended"
        if sys.stderr.isatty():
            print(f"\r{line}", end="\n" if done else "", file=sys.stderr, flush=True)
        elif done or int(passed) % 60 == 0:
            print(line, file=sys.stderr, flush=True)

    def _said(self) -> str:
        return self._log.read_text(errors="replace")

    def _cases(self) -> list[dict[str, Any]]:
        """Return each test with its result, seconds, and what it counted; none when pytest did not come to its report."""
        if not self._report.exists():
            return []
        cases = []
        for case in ET.parse(self._report).iter("testcase"):  # noqa: S314 - pytest wrote it
            marks = {child.tag for child in case} & {"failure", "error", "skipped"}
            result = next(iter(sorted(marks)), "passed")
            counts = {each.get("name", ""): each.get("value", "") for each in case.iter("property")}
            seconds = float(case.get("time", 0))
            cases.append({"name": case.get("name", ""), "result": result, "seconds": seconds, "counts": counts})
        return cases


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout.strip()


def facts() -> dict[str, Any]:
    """Return what was tested, and on what machine."""
    about = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"^model name\s*:\s*(.*)$", about, re.MULTILINE)
    return {
        "commit": _git("rev-parse", "HEAD"),
        "changed_files": len(_git("status", "--porcelain", "--", "src", "tests").splitlines()),
        "machine": {
            "cores": os.cpu_count(),
            "processor": model[1] if model else platform.processor(),
            "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
            "kernel": platform.release(),
            "python": platform.python_version(),
        },
    }


def suites(minutes: float, seed: int) -> list[Suite]:
    """Return the suites that take about so many minutes on two cores; at ``FULL`` they are the issue's numbers."""
    share = min(1.0, minutes / FULL)
    rounds, fuzz = max(3, round(ROUNDS * share)), max(10, round(FUZZ * share))
    kill = {"ESTAFETTE_ROUNDS": str(rounds), "ESTAFETTE_TEST_SEED": str(seed)}
    return [
        Suite("kill", "tests/fault/test_kill.py", kill, 60 + rounds * 8.0),
        Suite("fuzz", "tests/fault/test_fuzz.py", {"ESTAFETTE_TEST_FUZZ_SECONDS": str(fuzz)}, 30 + fuzz * 3.0),
    ]


def main() -> int:
    """Scale, run, write, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=FULL)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    asked = parser.parse_args()
    troubles = packages.ensure()
    began = dt.datetime.now(dt.UTC)
    before, results = facts(), []
    for suite in suites(asked.minutes, asked.seed):
        results.append(suite.run())
        _write(began, before | {"minutes_asked": asked.minutes, "seed": asked.seed, "troubles": troubles}, results)
        if results[-1]["ending"] == "interrupted":
            break
    for result in results:
        print(f"{result['name']:6} {'ok' if result['ok'] else 'FAILED'} {result['seconds']:.0f} s {result['failed']}")
    return int(not _passed(results))


def _passed(results: list[dict[str, Any]]) -> bool:
    return len(results) == len(suites(FULL, 0)) and all(result["ok"] for result in results)


def _write(began: dt.datetime, about: dict[str, Any], results: list[dict[str, Any]]) -> None:
    """Write after every suite, so that an end at any time leaves what was known."""
    report = {"at": began.isoformat(timespec="seconds"), "passed": _passed(results), **about, "suites": results}
    target = ROOT / "docs/evidence" / f"{began.date()}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(report, indent=2) + "\n")
    print(f"wrote {target.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
