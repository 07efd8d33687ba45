"""What must be known of a week, from its plan alone and the pages that promise it: suppressions and numbers.

docs/reference/statistics.md says what each number counts, decision 029 and ``policy.toml``'s words what suppresses,
027 and 028 what complaints and leaving do, 026 what reports do. This is a second account of them, not the first one.
"""

# ruff: noqa: ARG002 - what comes of a letter is called by the name of its kind
from __future__ import annotations

from collections import Counter, defaultdict
from typing import NamedTuple

from tests.simulation.week.plan import DAYS, TOPICS, Answer, Entry, Later, Letter, Week

#: Families of docs/reference/statistics.md: hard, soft, block by what the words of the page say of each category.
_FAMILY = {
    "hard": ("invalid_recipient", "invalid_domain", "mailbox_disabled"),
    "soft": (
        "mailbox_full", "recipient_rate", "greylisted", "rate_limited", "connection_refused_or_timeout", "dns_temporary",
        "tls_required_or_failed", "remote_system", "too_many_recipients", "expired", "message_too_large",
        "protocol_or_format", "smtputf8_unsupported", "routing_loop", "relay_denied",
    ),
    "block": (
        "ip_blocklisted", "reputation_block", "auth_failed", "spam_content", "virus_or_attachment", "policy_rejected",
        "sender_rejected",
    ),
    "other": ("unknown",),
}  # fmt: skip
FAMILY = {category: family for family, some in _FAMILY.items() for category in some}
#: The strongest first (029).
_ORDER = ("complained", "unsubscribed", "manual", "bounced", "soft_bounced")
_ENOUGH = {"mailbox_disabled": ("bounced", 2, 0), "mailbox_full": ("soft_bounced", 4, 7)}


class Place(NamedTuple):
    """Where a number stands."""

    tenant: str
    day: int
    stream: str
    campaign: str
    measure: str


class Key(NamedTuple):
    """Whom an entry stops. stream: "" = all of the tenant, ``bulk/offers`` = one topic."""

    tenant: str
    stream: str
    address: str


class Truth:
    """Lives through the days of a plan. filed: reasons of what was no use; read: what came back, by what it was."""

    def __init__(self, week: Week) -> None:
        self._week = week
        self.entries: dict[Key, str] = {}
        self.counts: Counter[Place] = Counter()
        self.filed: Counter[str] = Counter()
        self.read: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self.asked: set[str] = set()
        self.rejected: list[Letter] = []
        self._ends: dict[Key, int] = {}
        self._soft: defaultdict[Key, list[tuple[str, int]]] = defaultdict(list)
        self._waiting: list[Letter] = []

    def morning(self, day: int) -> None:
        """Let entries end whose time is over, and tell people once of a letter that waits since yesterday."""
        for letter in self._waiting:
            if letter.stream == "personal" and letter.day + 1 == day:
                self._told(letter, day)
        for key in [key for key, until in self._ends.items() if until <= day]:
            del self._ends[key], self.entries[key]

    def stopped(self, letter: Letter) -> bool:
        """Return whether an entry stops a letter."""
        streams = ["", letter.stream] + ([f"{letter.stream}/{letter.topic}"] if letter.topic else [])
        return any(Key(letter.tenant, stream, letter.recipient) in self.entries for stream in streams)

    def send(self, letter: Letter) -> bool:
        """Live through the sending of a letter; return whether it was accepted."""
        if self.stopped(letter):
            self._count(letter, "rejected")
            self.rejected.append(letter)
            return False
        self._count(letter, "queued")
        self.asked.add(letter.recipient)
        if letter.answer is None:
            self._taken(letter)
        elif letter.answer.lasting:
            self._waiting.append(letter)
        elif _ends(letter.answer):
            self._refused(letter, letter.answer.category, letter.answer.address)
        else:
            self._count(letter, "deferred")
            self._taken(letter)
        return True

    def later(self, letter: Letter, act: Later) -> None:
        """Live through what comes of a letter that was taken."""
        getattr(self, f"_{act.kind}")(letter, act)

    def evening(self, day: int) -> None:
        """Take the tenants' own entries."""
        for entry in self._week.entries:
            if entry.day == day:
                self._enter(Key(entry.tenant, entry.stream, entry.address), "manual")
                if entry.until <= DAYS:
                    self._ends[Key(entry.tenant, entry.stream, entry.address)] = entry.until

    def expired(self, letter: Letter, day: int) -> None:
        """Live through the end of a letter that was put off each morning and each noon, and then given up."""
        for each in range(letter.day, day):
            self.counts[self._place(letter, "deferred", each)] += 2
        self._count(letter, "failed", day)
        if letter.stream == "personal":
            self._told(letter, day)

    # What a server said.

    def _taken(self, letter: Letter) -> None:
        self._count(letter, "delivered")
        self._soft.pop(Key(letter.tenant, letter.stream, letter.recipient), None)

    def _refused(self, letter: Letter, category: str, address: str) -> None:
        self._count(letter, f"bounced.{FAMILY[category]}")
        if letter.stream == "personal":
            self._told(letter, letter.day)
        else:
            self._bounced(letter, category, address)

    def _bounced(self, letter: Letter, category: str, address: str) -> None:
        key = Key(letter.tenant, letter.stream, letter.recipient)
        if category in _ENOUGH:
            reason, enough, apart = _ENOUGH[category]
            days = self._soft[key]
            days.append((category, letter.day))
            mine = [day for name, day in days if name == category]
            if len(mine) >= enough and mine[-1] - mine[0] >= apart:
                del self._soft[key]
                self._enter(key, reason)
        elif address in {"R", "D"}:
            self._enter(key, "bounced")

    def _told(self, letter: Letter, day: int) -> None:
        """A person is told by a letter, which is personal mail of the same tenant (statistics, dimensions)."""
        self.told[f"anna@{letter.tenant}.test"] += 1
        for measure in ("queued", "delivered"):
            self.counts[Place(letter.tenant, day, "personal", "", measure)] += 1

    # What came later.

    def _late(self, letter: Letter, act: Later) -> None:
        self.read["bounce"] += 1
        self._count(letter, "late")
        self._refused(letter, act.category, act.address)

    def _notice(self, letter: Letter, act: Later) -> None:
        self.read["relayed_notice" if act.form == "relayed" else "delayed_notice"] += 1

    def _complaint(self, letter: Letter, act: Later) -> None:
        if act.form == "not-spam":
            self._file("report_not_spam")
        elif act is letter.later[0]:
            self.read["complaint"] += 1
            self._count(letter, "complained")
            self._enter(Key(letter.tenant, letter.stream, letter.recipient), "complained")
        else:
            self.read["complaint_again"] += 1

    def _leave(self, letter: Letter, act: Later) -> None:
        if act.form == "mailto":
            self.read["unsubscribe"] += 1
        stream = letter.stream if act.form == "click_all" else f"{letter.stream}/{letter.topic}"
        self._count(letter, "unsubscribed")
        self._enter(Key(letter.tenant, stream, letter.recipient), "unsubscribed")

    def _rejoin(self, letter: Letter, act: Later) -> None:
        for stream in (letter.stream, *(f"{letter.stream}/{topic}" for topic in TOPICS)):
            if self.entries.pop(Key(letter.tenant, stream, letter.recipient), None):
                self._count(letter, "subscribed")

    def _answer(self, letter: Letter, act: Later) -> None:
        if act.form == "leaving":
            self.read["unsubscribe_automatic"] += 1
            return
        self.read[{"vacation": "auto_reply", "challenge": "challenge", "moved": "address_change"}[act.form]] += 1
        self._count(letter, "autoresponded")

    def _forged(self, letter: Letter, act: Later) -> None:
        if act.form in {"dsn_wrong_mac", "mailto_broken"}:
            self.refused[act.form] += 1
        elif act.form == "dsn_replayed":
            report = Later("late", "standard", "invalid_recipient", "R")
            self._late(letter, report)
            self._file("not_ours_replayed")
        else:
            self._file(
                {"arf_unmarked": "not_ours_complaint", "arf_wrong_mac": "not_ours_forged"}.get(
                    act.form, "not_ours_foreign"
                )
            )

    def _file(self, reason: str) -> None:
        self.read[reason] += 1
        self.filed[reason] += 1

    # Books.

    def _enter(self, key: Key, reason: str) -> None:
        there = self.entries.get(key)
        if there is None or _ORDER.index(reason) < _ORDER.index(there):
            self.entries[key] = reason

    def _place(self, letter: Letter, measure: str, day: int) -> Place:
        return Place(letter.tenant, day, letter.stream, letter.campaign, measure)

    def _count(self, letter: Letter, measure: str, day: int | None = None) -> None:
        self.counts[self._place(letter, measure, letter.day if day is None else day)] += 1


def _ends(answer: Answer) -> bool:
    """Return whether an answer is the end: permanent, and not said before a message was begun (facts 4.2, N11)."""
    return answer.lines[0].startswith("5") and answer.phase not in {"connect", "ehlo"}


__all__ = ["FAMILY", "Entry", "Key", "Place", "Truth"]
