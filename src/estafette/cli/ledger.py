"""``estafette ledger``: accepted = delivered + bounced + failed + cancelled + queued, or exit code 1."""

from __future__ import annotations

from collections.abc import Mapping

from estafette.cli import output
from estafette.cli.opening import with_store

ENDS = ("delivered", "sent", "bounced", "failed", "cancelled", "rejected")


def ledger() -> int:
    """Prove that every accepted recipient is accounted for."""
    counts = dict(with_store(lambda store: store.spool.counts()))
    answer = balance(counts)
    output.resource(answer)
    return 0 if answer["balanced"] else 1


def balance(counts: Mapping[str, int]) -> dict[str, int | bool]:
    """Return the ledger's lines and whether they add up."""
    accepted, queued = counts.get("accepted", 0), counts.get("queued", 0)
    ended = {name: counts.get(name, 0) for name in ENDS}
    difference = accepted - queued - sum(ended.values())
    return {
        "accepted": accepted,
        **ended,
        "queued": queued,
        "difference": difference,
        "balanced": difference == 0,
    }
