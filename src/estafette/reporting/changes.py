"""What changed from one week to the next, and may be why a provider takes mail otherwise than before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from estafette.model.user import Language
from estafette.reporting import rates
from estafette.reporting.words import words
from estafette.store.interface.records import AuditEntry

#: So many times the mail of the week before is a change, from this many on.
TIMES = 3.0
LEAST = 200
#: Share of a provider's mail from which on a new campaign is told.
SHARE = 0.1
#: A silent tenant's first mail is no multiple of anything.
_ENDLESS = 999


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change. kind: ``volume``, ``campaign``, ``credential``, ``domain``, ``source`` or ``audit``.

    subject: what it is about. at: unix seconds, 0 for the whole week. figure: times, or a share. act: of the audit.
    """

    kind: str
    subject: str = ""
    at: float = 0.0
    figure: float = 0.0
    act: str = ""

    def words(self, language: Language) -> str:
        """Return it as a sentence."""
        book = words()
        fields = {
            "subject": self.subject, "times": f"{self.figure:.0f}", "share": f"{self.figure * 100:.0f}",
            "detail": book.audit[language].get(self.act, self.act),
        }  # fmt: skip
        return book.changes[language][self.kind].format_map(fields)


def of_volume(now: Mapping[str, int], before: Mapping[str, int]) -> list[Change]:
    """Return that a provider got several times the mail of the week before."""
    amount, was = rates.total("attempted", now), rates.total("attempted", before)
    if amount < LEAST or amount < TIMES * was:
        return []
    return [Change(kind="volume", figure=amount / was if was else _ENDLESS)]


def of_campaigns(amounts: Mapping[str, int], begun: Mapping[str, int], since: int, total: int) -> list[Change]:
    """Return campaigns that began in the week and are a good part of a provider's mail. amounts: by campaign."""
    return [
        Change(kind="campaign", subject=name, at=begun[name], figure=amount / total)
        for name, amount in sorted(amounts.items(), key=lambda each: -each[1])
        if name and begun.get(name, 0) >= since and amount >= SHARE * total and amount >= LEAST * SHARE
    ]


def of_senders(kind: str, begun: Mapping[str, int], since: int) -> list[Change]:
    """Return credentials or domains whose first mail fell into the week; not when all of them are new."""
    new = [Change(kind=kind, subject=name, at=hour) for name, hour in sorted(begun.items()) if name and hour >= since]
    return new if len(new) < len([name for name in begun if name]) else []


def of_audit(entries: Iterable[AuditEntry]) -> list[Change]:
    """Return acts that may change how mail is received, in the order given."""
    known = words().audit["en"]
    return [
        Change(kind="audit", subject=entry.subject, at=entry.at, act=entry.action)
        for entry in entries
        if entry.action in known
    ]


def of_sources(now: Iterable[str], before: Iterable[str]) -> list[Change]:
    """Return addresses that mail leaves from now and did not before; nothing when nothing was seen before."""
    known = set(before)
    return [Change(kind="source", subject=each) for each in sorted(set(now) - known - {""})] if known else []
