"""Operator rules on the queue, and the filter they share with every queue verb."""

from __future__ import annotations

from typing import Literal

import msgspec

RuleKind = Literal["hold", "cancel", "purge", "slow"]
#: Begins the ``by`` of a rule that a suspension caused; its id follows.
SUSPENSION = "suspension "
#: Begins the ``by`` of a rule that a pace caused; its id follows.
PACE = "pace "


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which deliveries: every given field must match; an empty filter matches all.

    domain: the recipient's. site: the recipient's site. from_domain: the sender's. id: a message id, or (id, number).
    before: only messages with an id below this one (so that a rule can mean "what a backup held").
    born_before: only mail accepted before this moment, unix seconds (so that a rule can mean "what is queued now");
        ids do not say it, for a process that starts gives out ids some seconds ahead of its clock.
    stream: its name, which says something together with a tenant. credential: the id of the login that submitted it.
    """

    tenant: str = ""
    domain: str = ""
    site: str = ""
    from_domain: str = ""
    campaign: str = ""
    recipient: str = ""
    message: int = 0
    number: int = 0
    before: int = 0
    born_before: float = 0.0
    stream: str = ""
    credential: str = ""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A durable operator act: survives restarts until released.

    by: who made it; a suspension's begins with ``SUSPENSION``, and no queue verb lifts it.
    until: when it ends by itself, unix seconds, 0 = when somebody acts.
    rate: of a ``slow`` rule, recipients an hour that may be attempted, by all couriers together.
    """

    id: int
    kind: RuleKind
    filter: Filter
    reason: str = ""
    created: float = 0.0
    by: str = ""
    until: float = 0.0
    rate: float = 0.0

    @property
    def suspension(self) -> str:
        """The id of the suspension that caused it, "" for an operator's own."""
        return self.by.removeprefix(SUSPENSION) if self.by.startswith(SUSPENSION) else ""

    @property
    def pace(self) -> str:
        """The id of the pace that caused it, "" for every other rule."""
        return self.by.removeprefix(PACE) if self.by.startswith(PACE) else ""
