"""What comes back of a message: reports, complaints and answers, in the forms of the golden files and one of our own."""

from __future__ import annotations

import re
from pathlib import Path

_DATA = Path(__file__).parents[2] / "data"
_PATH = b"r1@bounces.service.test"
_SOMEBODY = re.compile(rb"(gone|nobody\.here|slow|ann|nobody)@example\.test")
#: Fields of ours, without which nothing proves whose a message is.
_MARKS = (
    b"feedback-id",
    b"cfbl-",
    b"list-unsubscribe",
    b"return-path",
    b"dkim-signature",
    b"message-id",
    b"x-estafette",
)
_REPORT = """From: MAILER-DAEMON@{host}\r
To: {path}\r
Subject: {action}\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="week"\r
\r
--week\r
Content-Type: text/plain\r
\r
About your message.\r
--week\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; {host}\r
\r
Final-Recipient: rfc822; {recipient}\r
Action: {action}\r
Status: {status}\r
Diagnostic-Code: smtp; {line}\r
\r
--week\r
Content-Type: text/rfc822-headers\r
\r
"""
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


def header_of(message: bytes, path: str) -> bytes:
    """Return the header section with which a message lies in its mailbox: the return path on top (RFC 5321, 4.4)."""
    return f"Return-Path: <{path}>\r\n".encode() + message.partition(b"\r\n\r\n")[0] + b"\r\n"


def recorded(form: str, path: str, recipient: str) -> bytes:
    """Return a golden message about somebody, sent to a return path."""
    text = (_DATA / "returns/golden" / f"{form}.eml").read_bytes().replace(_PATH, path.encode())
    return _wire(_SOMEBODY.sub(recipient.encode(), text))


def report(action: str, path: str, recipient: str, line: str, header: bytes) -> bytes:
    """Return a report as RFC 3464 has it."""
    found = _STATUS.search(line)
    status = found[1] if found else {"failed": "5.0.0", "delayed": "4.0.0"}.get(action, "2.0.0")
    host = f"mx.{recipient.rpartition('@')[2]}"
    text = _REPORT.format(host=host, path=path, action=action, recipient=recipient, status=status, line=line)
    return text.encode() + header + b"\r\n--week--\r\n"


def complaint(form: str, header: bytes, *redacted: str) -> bytes:
    """Return a golden report about a message, out of which its receiver took some addresses."""
    for address in redacted:
        header = header.replace(address.encode(), b"[redacted]")
    before, _, after = (_DATA / "complaints" / f"{form}.eml").read_bytes().rpartition(b"Subject: News")
    kept = before[: before.rindex(b"\n\n") + 2]
    return _wire(kept + header.replace(b"\r\n", b"\n") + after)


def unmarked(header: bytes) -> bytes:
    """Return a header without anything that only its sender can have written."""
    fields = re.split(rb"\r\n(?![ \t])", header)
    return b"\r\n".join(each for each in fields if not each.lower().startswith(_MARKS))


def changed(address: str) -> str:
    """Return an address of ours with one letter of its seal changed."""
    return address[:40] + ("b" if address[40] == "a" else "a") + address[41:]


def _wire(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
