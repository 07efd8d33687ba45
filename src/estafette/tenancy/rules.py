"""The rules of trust, as ``trust.toml`` beside this file gives them."""

from __future__ import annotations

from functools import cache

import msgspec

from estafette.base.shipped import table


class Ramp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Recipients a day of a new tenant, and the shares below which a day is clean."""

    first_day: int
    factor: int
    days: int
    hard_bounces: float
    complaints: float


class Personal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a credential of the personal stream sends before its mail goes in the bulk lane."""

    recipients_per_message: int
    recipients_per_day: int


class Burst(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When an hour of a credential is out of proportion."""

    least: int
    factor: int
    days: int

    def limit(self, peak: int) -> int:
        """Return the recipients of an hour above which a credential with this peak is paused."""
        return max(self.least, self.factor * peak)


class Signal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shares of some hours' answers at which a stream is slowed, and below which it is no more.

    least: answers without which nothing is concluded; with half of them what was concluded holds.
    """

    hours: int
    least: int
    slow: float
    calm: float


class StreamShare(Signal, frozen=True, forbid_unknown_fields=True):
    """And the share at which a stream is paused."""

    pause: float


class Counted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What counts as what: families of bounces, categories, and categories of reasons of ours."""

    hard: frozenset[str]
    unknown: frozenset[str]
    blocked: frozenset[str]
    reasons: dict[str, str]


class Speed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How fast a slowed stream goes, and one that begins again."""

    share: float
    usual_days: int
    floor: int
    resumed: float
    resumed_hours: int
    resumed_rules: frozenset[str]


class ComplaintShare(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shares of a stream's recipients of some days at which its owner is warned, and at which it is paused.

    calm: times ``warn``: below, a warning is over.
    """

    days: int
    least: int
    warn: float
    pause: float
    calm: float


class Paused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of paused mail."""

    hours: int


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them."""

    ramp: Ramp
    personal: Personal
    burst: Burst
    stream: StreamShare
    unknown_users: Signal
    blocks: Signal
    counted: Counted
    pace: Speed
    complaints: ComplaintShare
    paused: Paused


@cache
def shipped() -> Rules:
    """Return the rules as they are shipped."""
    return table("estafette.tenancy", "trust.toml", Rules)
