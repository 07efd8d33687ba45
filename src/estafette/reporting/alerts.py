"""Alerts: the episodes of a tenant as resources, and in sentences."""

from __future__ import annotations

from estafette.model.anomaly import Anomaly, Finding
from estafette.model.user import Language
from estafette.reporting.anomalies import book
from estafette.store.interface.page import FIRST, Page
from estafette.tenancy.office import Office, Resource, listing, moment


def list_all(
    office: Office, tenant: str, language: Language = "en", *, lasting: bool | None = None, page: Page = FIRST
) -> Resource:
    """Return a page of a tenant's alerts, newest first."""
    found = office.control.anomalies.page(page, tenant=office.tenant(tenant).id, lasting=lasting)
    return listing([shown(each, language) for each in found.items], found.next)


def shown(anomaly: Anomaly, language: Language) -> Resource:
    """Return the resource of an alert."""
    return {
        "id": anomaly.id, "tenant": anomaly.tenant, "kind": anomaly.kind, "begun": moment(anomaly.begun),
        "seen": moment(anomaly.seen), "ended": moment(anomaly.ended), "told": moment(anomaly.told),
        "words": said(anomaly.first, language), "advice": book().advice[language][anomaly.kind],
        "first": _figures(anomaly.first), "worst": _figures(anomaly.worst),
    }  # fmt: skip


def said(finding: Finding, language: Language) -> str:
    """Return a finding as a sentence."""
    words = book()
    fields = {
        "events": finding.events, "base": finding.base, "least": finding.least, "most": finding.most,
        "stream": finding.stream, "site": finding.site,
        "span": words.spans[language]["hours"].format(hours=finding.span),
        "now": _percent(finding.events / finding.base, language) if finding.base else "",
        "usual": _percent(finding.usual, language) if finding.base else f"{finding.usual:.0f}",
    }  # fmt: skip
    return words.words[language][finding.kind].format_map(fields)


def _figures(finding: Finding) -> Resource:
    """Return a finding's numbers; rates and chances as fractions."""
    share = finding.events / finding.base if finding.base else None
    return {
        "until": moment(finding.at), "hours": finding.span, "events": finding.events, "base": finding.base or None,
        "share": share, "usual": finding.usual, "chance": finding.chance if finding.base else None,
        "least": None if finding.base else finding.least, "most": None if finding.base else finding.most,
    }  # fmt: skip


def _percent(share: float, language: Language) -> str:
    text = f"{share * 100:.2g}" if share < 0.1 else f"{share * 100:.0f}"
    return f"{text.replace('.', ',')} %" if language == "fr" else f"{text} %"
