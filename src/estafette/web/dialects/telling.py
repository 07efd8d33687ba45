"""What every foreign form of webhooks leaves out, and where senders' own labels stand in it."""

from __future__ import annotations

import json

from estafette.model.tracking import MACHINES, Hit


def news(hit: Hit | None) -> bool:
    """Return whether a hit counts as a person's now, and did not before."""
    return hit is None or (hit.agent not in MACHINES and (not hit.was or hit.was in MACHINES))


def payload(metadata: dict[str, str], name: str) -> str:
    """Return what a sender labelled its message with: under the service's own name, else all of it as JSON."""
    if name in metadata:
        return metadata[name]
    return json.dumps(metadata, ensure_ascii=False) if metadata else ""
