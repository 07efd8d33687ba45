"""Why a delivery waits: by which rule, and until when."""

from __future__ import annotations

from typing import Literal

import msgspec

from estafette.model.message import Delivery
from estafette.model.stream import Priority
from estafette.relay.scheduling.rules import RuleBook
from estafette.relay.scheduling.snapshot import LaneState

Cause = Literal["rule", "retry", "scheduled", "placing", "site_down", "site_busy", "bandwidth", "in_turn"]


class Why(msgspec.Struct, frozen=True):
    """One answer. rule: name of what keeps it, such as ``hold:7``. until.

    Unix seconds, None = until someone acts.
    """

    cause: Cause
    rule: str
    text: str
    until: float | None = None


def explain(row: Delivery, book: RuleBook, lane: LaneState | None, now: float) -> Why:
    """Return why a waiting delivery is not tried at this moment.

    ``lane`` None when it is idle or not known here.
    """
    rule = book.blocking(row, lane.site if lane else "")
    if rule is not None:
        said = f": {rule.reason}" if rule.reason else ""
        return Why("rule", f"{rule.kind}:{rule.id}", f"kept back by rule {rule.id} ({rule.kind}){said}")
    if row.due > now:
        return _until_due(row)
    if lane is None:
        return Why("in_turn", "queue", "due; it goes with the next free connection", now)
    if not lane.settled:
        return Why("placing", "placement", f"the mail servers of {row.domain} are being looked up", now)
    return on_lane(row, lane, now)


def _until_due(row: Delivery) -> Why:
    if not row.attempts:
        return Why("scheduled", "due", "not to be sent before its time", row.due)
    said = f" after: {row.last}" if row.last else ""
    return Why("retry", "delivery.retry", f"tried {row.attempts} times, waits for the next try{said}", row.due)


def on_lane(row: Delivery, lane: LaneState, now: float) -> Why:
    """Return what keeps a due delivery on its lane."""
    if lane.dead:
        text = f"{lane.site} does not answer ({lane.reason or 'no reason known'}); one probe at a time"
        return Why("site_down", "dead_site", text, now + lane.until)
    if lane.until > 0:
        return Why("site_down", "site_pause", f"{lane.site} asked us to wait", now + lane.until)
    if lane.shaped and row.priority == Priority.BULK:
        text = f"bulk mail by {lane.egress} keeps to its share of the uplink (bandwidth, bulk_share); it goes in turn"
        return Why("bandwidth", "bandwidth", text, now)
    text = f"{lane.busy} of {lane.window} connections to {lane.site} are in use; it goes in its turn"
    return Why("site_busy" if lane.busy >= lane.window else "in_turn", "connections", text, now)
