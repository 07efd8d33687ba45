"""The resources of insight: one form for the API and the command line, in the reader's language."""

from __future__ import annotations

from typing import Any

from estafette.model.user import Language
from estafette.reporting import rates, suggestions
from estafette.reporting.changes import Change
from estafette.reporting.estimate import Estimate
from estafette.reporting.insight import Mailing, Report
from estafette.reporting.intervals import Interval
from estafette.reporting.providers import ProviderView, Week
from estafette.reporting.replies import Said
from estafette.reporting.suggestions import Suggestion
from estafette.reporting.waterfall import Waterfall
from estafette.tenancy.office import moment

Resource = dict[str, Any]


def mailing(found: Mailing, language: Language) -> Resource:
    """Return the resource of a mailing's waterfalls."""
    return {
        found.label: found.name,
        "opened": _waterfall(found.opened, language) | {"estimated": _estimate(found.readers)},
        "clicked": _waterfall(found.clicked, language) | {"estimated": _estimate(found.clickers)},
    }


def report(found: Report, language: Language) -> Resource:
    """Return the resource of the provider view."""
    return {
        "at": moment(found.at),
        "replies_from_hours": found.sample // 3600,
        "changes": [_change(each, language) for each in found.changes],
        "items": [_provider(each, language) for each in found.providers],
        "next": None,
    }


def advice(found: Suggestion, language: Language) -> Resource:
    """Return the resource of a suggestion."""
    return {
        "rule": found.rule, "subject": found.subject, **suggestions.told(found, language),
        "effect_interval": percents(found.effect),
        "evidence": [rates.shown(each, language) for each in found.evidence],
    }  # fmt: skip


def percents(interval: Interval | None) -> list[float] | None:
    """Return the ends of an interval in percent."""
    return None if interval is None else [round(interval.low * 100, 2), round(interval.high * 100, 2)]


def _waterfall(found: Waterfall, language: Language) -> Resource:
    return {
        "raw": found.raw,
        "steps": [{"taken": step.name, "hits": step.taken, "left": step.left} for step in found.steps],
        "people": found.people, "of_these_by_image_proxy": found.proxied, "without_recipient": found.aggregate,
        "rates": [rates.shown(found.unique, language), rates.shown(found.each, language)],
    }  # fmt: skip


def _estimate(found: Estimate | None) -> Resource | None:
    if found is None:
        return None
    return {
        "percent": round(found.share * 100, 2), "interval": percents(found.interval), "panel": found.panel,
        "seen": found.seen,
    }  # fmt: skip


def _provider(found: ProviderView, language: Language) -> Resource:
    return {
        "provider": found.provider,
        "now": _week(found.now, language),
        "before": _week(found.before, language),
        "differences": {name: percents(each) for name, each in found.differences.items()},
        "deferral_replies": [_said(each, language) for each in found.replies],
        "changes": [_change(each, language) for each in found.changes],
    }


def _week(found: Week, language: Language) -> Resource:
    return {
        "accepted": found.accepted, "deferred": found.deferred, "bounced": found.bounced,
        "complained": found.complained, "time_to_250": {"p50": _seconds(found.p50), "p95": _seconds(found.p95)},
        "rates": [rates.shown(each, language) for each in found.rates],
    }  # fmt: skip


def _said(found: Said, language: Language) -> Resource:
    return {
        "meaning": found.meaning.name, "words": found.meaning.words(language), "count": found.count,
        "sample": found.sample,
    }  # fmt: skip


def _change(found: Change, language: Language) -> Resource:
    return {"kind": found.kind, "subject": found.subject, "at": moment(found.at), "words": found.words(language)}


def _seconds(found: float | None) -> float | None:
    """Return seconds as exactly as the histogram knows them."""
    return None if found is None else float(f"{found:.2g}")
