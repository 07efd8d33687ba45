"""X-ARF: reports of abuse as JSON, beside a feedback report of the type ``xarf`` (xarf.org, versions 3 and 4).

Facts: abusix/xarf, "XARF via SMTP"; xarf/xarf-spec, schemas of messaging. Only what a report about mail needs is read.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

#: Pieces of evidence that are looked at.
MOST = 20


class Xarf(msgspec.Struct, frozen=True, kw_only=True):
    """What a report says; words of strangers, as they stand there.

    kind: of the abuse, in lower case, such as ``spam``. arrival: when. source: whence, an IP address or a name.
    sender, recipient: of the envelope. copy: the message, or its header, b"" when there is none.
    """

    kind: str
    arrival: str = ""
    source: str = ""
    sender: str = ""
    recipient: str = ""
    copy: bytes = b""


class _Sample(msgspec.Struct, frozen=True, rename="pascal"):
    content_type: str = ""
    payload: str = ""
    data: str = ""
    #: Some write it as a word.
    base64_encoded: Any = True

    def octets(self) -> bytes:
        plain = self.base64_encoded in {False, "false", "False"}
        return self.payload.encode() if plain else _opened(self.payload or self.data)


class _Source(msgspec.Struct, frozen=True):
    IP: str = ""


class _Third(msgspec.Struct, frozen=True, rename="pascal"):
    """``Report`` of version 3; ``Attachment`` and ``Source`` are those of its later samples."""

    report_type: str
    date: str = ""
    source_ip: str = ""
    source: _Source = _Source()
    smtp_mail_from_address: str = ""
    smtp_rcpt_to_address: str = ""
    samples: Sequence[_Sample] = ()
    attachment: Sequence[_Sample] = ()


class _Evidence(msgspec.Struct, frozen=True):
    content_type: str = ""
    payload: str = ""


class _Document(msgspec.Struct, frozen=True):
    """Either version: ``Report`` is of 3, all else of 4."""

    Report: _Third | None = None
    type: str = ""
    timestamp: str = ""
    source_identifier: str = ""
    smtp_from: str = ""
    smtp_to: str = ""
    evidence: Sequence[_Evidence] = ()


_decode = msgspec.json.Decoder(_Document).decode


def read(document: bytes, copies: Collection[bytes]) -> Xarf | None:
    """Return what a document says, None when it cannot be read. copies: types of evidence that are the message."""
    try:
        told = _decode(document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if told.Report is not None:
        return _third(told.Report, copies)
    if not told.type:
        return None
    found = ((each.content_type, _opened(each.payload)) for each in told.evidence[:MOST])
    return Xarf(
        kind=told.type.lower(), arrival=told.timestamp, source=told.source_identifier, sender=told.smtp_from,
        recipient=told.smtp_to, copy=_copy(found, copies),
    )  # fmt: skip


def _third(told: _Third, copies: Collection[bytes]) -> Xarf:
    found = ((each.content_type, each.octets()) for each in [*told.samples[:MOST], *told.attachment[:MOST]])
    return Xarf(
        kind=told.report_type.lower(), arrival=told.date, source=told.source_ip or told.source.IP,
        sender=told.smtp_mail_from_address, recipient=told.smtp_rcpt_to_address, copy=_copy(found, copies),
    )  # fmt: skip


def _copy(found: Iterable[tuple[str, bytes]], copies: Collection[bytes]) -> bytes:
    named = ((kind.partition(";")[0].strip().lower().encode(), octets) for kind, octets in found)
    return next((octets for kind, octets in named if kind in copies and octets), b"")


def _opened(payload: str) -> bytes:
    try:
        return b64decode(payload)
    except (NoBase64, ValueError):
        return b""
