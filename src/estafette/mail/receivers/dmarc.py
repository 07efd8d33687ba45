"""DMARC aggregate reports: RFC 9990 (section 3.1 and appendix A) and the older form of RFC 7489 (appendix C).

Receivers differ from both: elements are missing, repeated, in another order or namespace, results in upper case.
What is needed to count is asked for; everything else is read when it is there.
"""

from __future__ import annotations

from collections.abc import Mapping

from estafette.mail.receivers import said
from estafette.mail.receivers.fault import Unreadable
from estafette.mail.receivers.markup import walk
from estafette.model.report import ReceiverReport, ReportRow

#: Rows of a report that are kept, those of most messages; signatures of a row that are looked at.
ROWS = 1_000
_SIGNATURES = 20
#: Rows that are read at all; no report of a day has as many sources.
_READ = 50_000
_NAMESPACE = "urn:ietf:params:xml:ns:dmarc-2.0"
_POLICY = ("p", "sp", "np", "adkim", "aspf", "pct", "fo", "t", "testing", "discovery_method")
_GROUPS = frozenset({"dkim", "spf"})
Group = dict[str, str]


def read(octets: bytes) -> ReceiverReport:
    """Return what a report in XML says; Unreadable."""
    try:
        return _read(octets)
    except Unreadable as unreadable:
        mended = _mended(octets) if unreadable.why == "markup" else octets
        if mended == octets:
            raise
    return _read(mended)


def _read(octets: bytes) -> ReceiverReport:
    reader = _Reader()
    namespace = walk(octets, reader.begin, reader.end)
    return reader.report(namespace)


def _mended(octets: bytes) -> bytes:
    """Return a report that says it is UTF-8 as UTF-8: some quote octets of foreign headers as they came."""
    declared = octets[:100].partition(b"?>")[0].lower()
    if b"encoding" in declared and b"utf-8" not in declared:
        return octets
    return octets.decode("utf-8", "replace").encode()


class _Reader:
    """Collects the values of the report by path, and makes a row of each record when it ends."""

    def __init__(self) -> None:
        self._head: Group = {}
        self._rows: list[ReportRow] = []
        self._record: Group = {}
        self._checks: dict[str, list[Group]] = {"dkim": [], "spf": []}
        self._root = ""

    def begin(self, path: tuple[str, ...]) -> None:
        if len(path) == 1:
            self._root = path[0]
            if self._root != "feedback":
                raise Unreadable("nothing", "no DMARC report: its root is not feedback")
        elif path[1:] == ("record",):
            self._record, self._checks = {}, {"dkim": [], "spf": []}
        elif path[1:3] == ("record", "auth_results") and len(path) == 4 and path[3] in _GROUPS:
            found = self._checks[path[3]]
            if len(found) < _SIGNATURES:
                found.append({})

    def end(self, path: tuple[str, ...], text: str) -> None:
        inner = path[1:]
        if inner[:1] != ("record",):
            if text and len(inner) in (1, 2, 3):
                self._head.setdefault("/".join(inner), text)
        elif len(inner) == 1:
            if len(self._rows) >= _READ:
                raise Unreadable("too_large", f"more than {_READ} records")
            self._rows.append(_row(self._record, self._checks["dkim"], self._checks["spf"]))
        elif inner[1] == "auth_results":
            if len(inner) == 4 and inner[2] in _GROUPS and self._checks[inner[2]]:
                self._checks[inner[2]][-1].setdefault(inner[3], text)
        elif text:
            self._record.setdefault("/".join(inner[1:]), text)

    def report(self, namespace: str) -> ReceiverReport:
        head = self._head
        about = said.domain(head.get("policy_published/domain"))
        reporter = said.words(head.get("report_metadata/org_name"))
        identity = said.words(head.get("report_metadata/report_id"))
        if not about or not identity:
            raise Unreadable("form", "the report does not say its id and the domain it is about")
        begin, end = said.period(
            said.number(head.get("report_metadata/date_range/begin")),
            said.number(head.get("report_metadata/date_range/end")),
        )
        newer = namespace == _NAMESPACE or "policy_published/discovery_method" in head
        rows = sorted(self._rows, key=lambda row: row.count, reverse=True)
        contact = said.words(head.get("report_metadata/email"))
        return ReceiverReport(
            kind="dmarc", domain=about, reporter=reporter or contact, report=identity, begin=begin, end=end,
            contact=contact, form="rfc9990" if newer else "rfc7489", policy=_policy(head),
            messages=sum(row.count for row in rows), passed=sum(row.count for row in rows if row.passed),
            unlisted=sum(row.count for row in rows[ROWS:]), rows=tuple(rows[:ROWS]),
        )  # fmt: skip


def _policy(head: Mapping[str, str]) -> str:
    found = [(name, said.token(head.get(f"policy_published/{name}"))) for name in _POLICY]
    return " ".join(f"{name}={value}" for name, value in found if value)[: said.LONGEST]


def _row(record: Group, dkim: list[Group], spf: list[Group]) -> ReportRow:
    results = {kind: said.token(record.get(f"row/policy_evaluated/{kind}")) for kind in ("dkim", "spf")}
    header_from = said.domain(record.get("identifiers/header_from"))
    signature = _telling(dkim, header_from)
    # RFC 7489 let receivers report HELO beside MAIL FROM; only the second aligns.
    sender = next((each for each in spf if each.get("scope", "mfrom").lower() != "helo"), spf[0] if spf else {})
    reasons = " ".join(record.get(f"row/policy_evaluated/reason/{name}", "") for name in ("type", "comment"))
    return ReportRow(
        source=said.address(record.get("row/source_ip")), count=said.number(record.get("row/count")),
        passed="pass" in results.values(), disposition=said.token(record.get("row/policy_evaluated/disposition")),
        dkim=results["dkim"], spf=results["spf"], header_from=header_from,
        envelope_from=said.domain(record.get("identifiers/envelope_from")),
        signer=said.domain(signature.get("domain")), selector=said.words(signature.get("selector")),
        signature=said.token(signature.get("result")), spf_domain=said.domain(sender.get("domain")),
        spf_result=said.token(sender.get("result")), reason=said.words(reasons),
    )  # fmt: skip


def _telling(signatures: list[Group], header_from: str) -> Group:
    """Return the signature that says most: one that passed before others, of the author's domain before others."""

    def rank(each: Group) -> tuple[bool, bool]:
        signer = said.domain(each.get("domain"))
        near = bool(signer) and f".{header_from}".endswith(f".{signer}")
        return said.token(each.get("result")) == "pass", near

    return max(signatures, key=rank, default={})
