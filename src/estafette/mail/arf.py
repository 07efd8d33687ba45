"""Reads reports about mail that somebody did not want: ARF (RFC 5965, RFC 6591), CFBL (RFC 9477), and older forms.

Whatever a report says is a claim of a stranger. What may prove something are strings of our own in the returned
header (``paths``, ``tokens``); whether they do, is decided elsewhere, with keys.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Iterable, Sequence
from functools import cache
from ipaddress import ip_address
from quopri import decodestring
from typing import Any, Literal

import msgspec

from estafette.base.errors import Refusal
from estafette.base.shipped import table
from estafette.mail import xarf
from estafette.mail.headers import Head, unfold
from estafette.mail.mime import Part, spans
from estafette.mail.quote import one_line

Effect = Literal["complaint", "not_spam", "filed"]

#: Octets of a message, of a report's fields, and of a returned header that are looked at.
LOOKED = 2 << 20
FIELDS = 64 << 10
RETURNED = 256 << 10
DOCUMENT = 512 << 10
#: Values of a field that may be repeated, and characters of one.
MOST = 20
LONGEST = 1_000

#: ``text/rfc822`` stands in an example of RFC 9477; the last two are misspellings that occur.
_RETURNED_TYPES = frozenset({
    b"message/rfc822", b"text/rfc822-headers", b"message/global", b"message/global-headers", b"text/rfc822",
    b"text/rfc822-header", b"message/rfc822-headers",
})  # fmt: skip
_LINE_END = re.compile(rb"\r\n|\r|\n")
_REPORT_TYPE = re.compile(rb'report-type[ \t]*=[ \t]*"?feedback-report\b', re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>;,\"()]{1,64}@[^\s<>;,\"()]{1,255}")
_SUBJECT = re.compile(rb"complaint about message from (\S{1,45})", re.IGNORECASE)
#: Paths of our public pages whose last segment is a token; see ``tracking.writer``.
_SOFT = re.compile(rb"=\r\n")
_TOKEN = re.compile(r"/[couv]/([A-Za-z0-9_-]{20,4096})")
#: Feedback-Type of a report whose facts stand in JSON.
XARF = "xarf"
_MARK = re.compile(r"[A-Za-z0-9_-]{20,4096}")


class FeedbackReport(msgspec.Struct, frozen=True, kw_only=True):
    """One report. All words are one line of printable ASCII; nothing of it is proved.

    effect: what a report of this kind is for. kind: Feedback-Type in lower case, "" when it has none. form: ``arf``;
    ``jmrp`` for Microsoft's, which has no feedback part; ``xarf``, whose kind is that of its JSON. programme: a name of
    ``arf.toml``, else the domain of From.
    source: the Source-IP, "" when it is no address. incidents: how many it says it stands for, at least 1.
    recipients, sender: Original-Rcpt-To and Original-Mail-From, often redacted. failure: Auth-Failure (RFC 6591).
    paths, tokens: strings that may be ours, best first. message_id: of the returned message. returned: its header.
    """

    effect: Effect
    kind: str = ""
    form: Literal["arf", "jmrp", "xarf"] = "arf"
    programme: str = ""
    agent: str = ""
    version: str = ""
    arrival: str = ""
    source: str = ""
    incidents: int = 1
    recipients: tuple[str, ...] = ()
    sender: str = ""
    domains: tuple[str, ...] = ()
    failure: str = ""
    paths: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    message_id: str = ""
    returned: bytes = b""


class _Programme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    agents: tuple[str, ...]
    domains: tuple[str, ...]


class _Fields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    report: tuple[str, ...]
    returned: tuple[str, ...]


class Forms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``arf.toml``."""

    kinds: dict[str, Effect]
    xarf: dict[str, Effect]
    programmes: tuple[_Programme, ...]
    recipients: _Fields
    paths: _Fields


@cache
def forms() -> Forms:
    """Return what ``arf.toml`` says."""
    return table("estafette.mail", "arf.toml", Forms)


def read(message: bytes) -> FeedbackReport | None:
    """Return the report that a message is, None when it is none; no input makes it fail, or take long."""
    message = _LINE_END.sub(b"\r\n", message[:LOOKED])
    try:
        head = Head.parse(message)
    except Refusal:
        return None
    parts = spans(message)
    report = next((part for part in parts if part.type == b"message/feedback-report"), None)
    returned = next((part for part in parts if part.type in _RETURNED_TYPES), None)
    copied = _fields(_decoded(message, returned, RETURNED)) if returned is not None else _NOTHING
    if report is not None:
        fields = _fields(_decoded(message, report, FIELDS))
        return (_xarf(message, parts, head, fields) if _kind(fields) == XARF else None) or _arf(head, fields, copied)
    if _REPORT_TYPE.search(unfold(head.first(b"content-type") or b"")):
        return _arf(head, _NOTHING, copied)
    named = _SUBJECT.match(unfold(head.first(b"subject") or b""))
    if copied.contains(b"x-hmxmroriginalrecipient") or (returned is not None and named):
        return _jmrp(head, copied)
    return None


def marks(message: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (paths, tokens) that may be ours of a message that people forward: of one attached, and in its text."""
    message = _LINE_END.sub(b"\r\n", message[:LOOKED])
    attached = next((part for part in spans(message) if part.type in _RETURNED_TYPES), None)
    copied = _fields(_decoded(message, attached, RETURNED)) if attached is not None else _NOTHING
    found = _marks(_NOTHING, copied)
    text = _SOFT.sub(b"", message[:RETURNED]).decode("ascii", "replace")
    return found["paths"], _unique([*found["tokens"], *_TOKEN.findall(text)])


def _arf(head: Head, report: Head, copied: Head) -> FeedbackReport:
    kind = _kind(report)
    agent = _word(report, b"user-agent")
    return FeedbackReport(
        effect=forms().kinds.get(kind, "filed"), kind=kind, agent=agent, version=_word(report, b"version"),
        programme=_programme(head, agent), arrival=_word(report, b"arrival-date") or _word(report, b"received-date"),
        source=_ip(_word(report, b"source-ip")), incidents=_number(_word(report, b"incidents")),
        sender=next(iter(_addresses([_word(report, b"original-mail-from")])), ""),
        domains=tuple(_words(report, b"reported-domain")), failure=_word(report, b"auth-failure").lower(),
        **_marks(report, copied),
    )  # fmt: skip


def _xarf(message: bytes, parts: Iterable[Part], head: Head, report: Head) -> FeedbackReport | None:
    """Return what the JSON beside a report says, None when there is none that can be read."""
    part = next((part for part in parts if part.type == b"application/json"), None)
    told = xarf.read(_decoded(message, part, DOCUMENT), _RETURNED_TYPES) if part is not None else None
    if told is None:
        return None
    found = _marks(_NOTHING, _fields(_LINE_END.sub(b"\r\n", told.copy[:RETURNED])))
    for name, word in (("recipients", told.recipient), ("paths", told.sender)):
        found[name] = _unique([*_addresses([_said(word)]), *found[name]])
    kind, agent = _said(told.kind), _word(report, b"user-agent")
    return FeedbackReport(
        effect=forms().xarf.get(kind, "filed"), kind=kind, form="xarf", agent=agent, version=_word(report, b"version"),
        programme=_programme(head, agent), arrival=_said(told.arrival), source=_ip(_said(told.source)),
        sender=next(iter(_addresses([_said(told.sender)])), ""), **found,
    )  # fmt: skip


def _jmrp(head: Head, copied: Head) -> FeedbackReport:
    found = _SUBJECT.match(unfold(head.first(b"subject") or b""))
    return FeedbackReport(
        effect="complaint", kind="abuse", form="jmrp", programme=_programme(head, ""),
        source=_ip(_text(found[1])) if found else "", arrival=_word(head, b"date"), **_marks(_NOTHING, copied),
    )  # fmt: skip


def _marks(report: Head, copied: Head) -> dict[str, Any]:
    """Return what a report says of the message: whom it went to, and what of ours may stand in it."""
    known = forms()
    uris = [*_words(copied, b"list-unsubscribe"), *_words(report, b"reported-uri")]
    own = [*_words(copied, b"cfbl-feedback-id"), *_words(report, b"cfbl-feedback-id")]
    tokens = [word for value in own for word in _MARK.findall("".join(value.split()))]
    tokens += [token for uri in uris for token in _TOKEN.findall("".join(uri.split()))]
    return {
        "recipients": _unique(_addresses(_listed(report, known.recipients.report, copied, known.recipients.returned))),
        "paths": _unique(_addresses(_listed(report, known.paths.report, copied, known.paths.returned))),
        "tokens": _unique(tokens), "message_id": _word(copied, b"message-id"), "returned": copied.section[:FIELDS],
    }  # fmt: skip


def _listed(report: Head, of_report: Iterable[str], copied: Head, of_copy: Iterable[str]) -> Sequence[str]:
    found = [value for name in of_report for value in _words(report, name.encode())]
    return found + [value for name in of_copy for value in _words(copied, name.encode())]


def _addresses(values: Iterable[str]) -> Sequence[str]:
    return [found[0].removeprefix("rfc822;") for value in values if (found := _ADDRESS.search(value))]


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))[:MOST]


def _kind(report: Head) -> str:
    return _word(report, b"feedback-type").lower()


def _said(word: str) -> str:
    return _text(word.encode("utf-8", "replace"))


def _words(head: Head, name: bytes) -> Sequence[str]:
    return [_text(value) for value in head.get_all(name)[:MOST]]


def _word(head: Head, name: bytes) -> str:
    value = head.first(name)
    return "" if value is None else _text(value)


def _text(value: bytes) -> str:
    return one_line(unfold(value[: 5 * LONGEST]).decode("utf-8", "replace"), 5 * LONGEST)


def _ip(word: str) -> str:
    try:
        return str(ip_address(word.strip("[] ").removeprefix("IPv6:")))
    except ValueError:
        return ""


def _number(word: str) -> int:
    return min(int(word), 1_000_000) if word.isdecimal() and 0 < len(word) < 10 and int(word) else 1


def _programme(head: Head, agent: str) -> str:
    found = next(iter(_addresses([_word(head, b"from")])), "")
    domain, agent = found.rpartition("@")[2].lower(), agent.lower()
    for each in forms().programmes:
        if agent.startswith(each.agents) or any(f".{domain}".endswith(f".{known}") for known in each.domains):
            return each.name
    return domain[:255]


def _fields(octets: bytes) -> Head:
    """Return the fields of a part; one that is too large, or has none, has none."""
    try:
        return Head.parse(octets.lstrip(b"\r\n"))
    except Refusal:
        return _NOTHING


def _decoded(message: bytes, part: Part, limit: int) -> bytes:
    octets = message[part.body : min(part.stop, part.body + 2 * limit)]
    if part.encoding == b"quoted-printable":
        octets = decodestring(octets)
    elif part.encoding == b"base64":
        try:
            octets = b64decode(octets[: len(octets) // 4 * 4])
        except (NoBase64, ValueError):
            octets = b""
    return _LINE_END.sub(b"\r\n", octets[:limit])


_NOTHING = Head.parse(b"")
