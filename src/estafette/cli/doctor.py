"""``estafette doctor``: what is wrong around the service, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from estafette.cli import output
from estafette.cli.call import call
from estafette.cli.checks.finding import Finding
from estafette.cli.opening import run


def doctor(topic: Literal["service", "receivers"] = "service", /) -> int:
    """Check settings, keyring, store, disk, clock, ports, TLS, DNS, PTR, lists, return path; exit 1 when one is wrong.

    Parameters
    ----------
    topic
        ``receivers`` lists the feedback programmes of large receivers instead: state and steps.
    """
    if topic == "receivers":
        _receivers()
        return 0
    from estafette.cli.checks.examination import examine

    findings = run(examine(call.settings))
    _findings(findings)
    return 1 if any(finding.state == "wrong" for finding in findings) else 0


def _findings(findings: Sequence[Finding]) -> None:
    if call.json:
        output.listing((finding._asdict() for finding in findings), ())
        return
    for finding in findings:
        print(f"{finding.state:<8} {finding.check:<19} {output.plain(finding.cause)}")
        if finding.fix and finding.state != "good":
            print(f"{'':<28} fix: {output.plain(finding.fix)}")


def _receivers() -> None:
    from estafette.cli.checks.receivers import receivers

    rows = list(receivers(call.settings))
    if call.json:
        output.listing(rows, ())
        return
    for row in rows:
        print(f"{row['receiver']}: {row['programme']}\n  state: {output.plain(row['state'])}")
        steps = row["steps"]
        assert isinstance(steps, list)
        for number, step in enumerate(steps, 1):
            print(f"  {number}. {step}")
