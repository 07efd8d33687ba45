"""The Authentication-Results field (RFC 8601): what was found out about who sent a message, and by whom."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from estafette.mail.headers import Head

NAME = b"authentication-results"
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@-]+")
_UNSAYABLE = re.compile(r"[^!#-\[\]-~]")
_VALUE_LIMIT = 255
#: One piece of what may stand before the id: blanks and comments (RFC 5322 section 3.2.2).
_BLANKS = re.compile(rb"(?:[ \t]|\r\n[ \t])+")
_COMMENT_STEP = re.compile(rb"(?:[^()\\]|\\.)*?([()])", re.DOTALL)
_ID = re.compile(rb'"((?:[^"\\]|\\.)*)"|([^\s;()"]+)', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)


class Finding(msgspec.Struct, frozen=True):
    """One method's result. method: ``spf``, ``dkim``, ``dmarc``. result: a word of RFC 8601 section 2.7.

    properties: such as (``smtp.mailfrom``, domain); values may be hostile.
    """

    method: str
    result: str
    properties: tuple[tuple[str, str], ...] = ()


def field(host: str, findings: Iterable[Finding]) -> bytes:
    """Return the field with its CRLF; without findings it says ``none``: nothing was looked at."""
    said = "".join(f";\r\n\t{_said(finding)}" for finding in findings)
    return f"Authentication-Results: {host}{said or '; none'}\r\n".encode("ascii")


def _said(finding: Finding) -> str:
    return " ".join([f"{finding.method}={finding.result}", *(f"{k}={_value(v)}" for k, v in finding.properties)])


def _value(text: str) -> str:
    safe = _UNSAYABLE.sub("?", text[:_VALUE_LIMIT])
    return safe if _TOKEN.fullmatch(safe) else f'"{safe}"'


def claims(value: bytes, host: str) -> bool:
    """Whether a raw field value names ``host`` as who says so, however it is written (RFC 8601 section 2.2).

    A value that cannot be read claims everything: what a later reader might take for ours is not left in.
    """
    at = _past_comments(value)
    found = _ID.match(value, at) if at >= 0 else None
    if found is None:
        return True
    quoted, plain = found.groups()
    name = plain if quoted is None else _ESCAPED.sub(rb"\1", quoted)
    return name.strip().rstrip(b".").lower() == host.lower().encode()


def without_claims(body: bytes, host: str, *, also: frozenset[bytes] = frozenset()) -> bytes:
    """Return a message without the Authentication-Results that claim to be ``host``'s (RFC 8601 section 5).

    also: lower-case names of further fields to take out.
    """
    head = Head.parse(body)
    kept, position = [], 0
    for name, start, value, stop in head.fields:
        if name in also or (name == NAME and claims(head.section[value : stop - 2], host)):
            kept.append(body[position:start])
            position = stop
    return b"".join((*kept, body[position:])) if position else body


def _past_comments(value: bytes) -> int:
    """Return where the first word of a value begins, -1 when a comment before it never ends."""
    at = 0
    while True:
        blanks = _BLANKS.match(value, at)
        at = blanks.end() if blanks else at
        if value[at : at + 1] != b"(":
            return at
        at = _comment_end(value, at + 1)
        if at < 0:
            return -1


def _comment_end(value: bytes, at: int) -> int:
    depth = 1
    while depth:
        step = _COMMENT_STEP.match(value, at)
        if step is None:
            return -1
        depth += 1 if step[1] == b"(" else -1
        at = step.end()
    return at
