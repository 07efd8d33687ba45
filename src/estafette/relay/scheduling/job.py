"""A job: one transaction for delivery to make."""

from __future__ import annotations

import msgspec

from estafette.model.message import Delivery
from estafette.model.stream import Priority

SHARED_MOST = 100


class Job(msgspec.Struct, eq=False):
    """One transaction to make: recipients of one message on one lane.

    slot: number of the lane's connection, below its limit, unique among the jobs in flight; the connection
    last used has it again first. messages_per_connection: after so many messages the connection is to be
    closed. started: monotonic seconds.
    """

    site: str
    egress: str
    deliveries: tuple[Delivery, ...]
    priority: int
    slot: int
    messages_per_connection: int
    started: float


def personal(row: Delivery) -> bool:
    """Return whether recipients of a row's message share a transaction: those of people do, if nothing is measured."""
    return row.priority == Priority.PERSONAL and row.tracking == "off"
