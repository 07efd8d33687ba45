"""The machine-readable part of a report: RFC 3464 section 2, with the addresses of RFC 6533. Tolerant and bounded."""

from __future__ import annotations

import re
from collections.abc import Mapping

from estafette.mail.returns.diagnosis import code_of, one_line, status_of
from estafette.mail.returns.finding import ACTIONS, Action, Said

#: Recipients of one report, and characters of one field; what is beyond is not read.
RECIPIENTS = 1_000
FIELD = 2_048
_ESCAPE = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_COMMENT = re.compile(r"\([^()]{0,200}\)")
_BRACKETED = re.compile(r"<([^<>\s]{1,320})>")
_ADDRESS = 320
_BY_CLASS: Mapping[str, Action] = {"5": "failed", "4": "delayed", "2": "delivered"}
_NEEDED = frozenset({"final-recipient", "original-recipient"})


def said(text: str) -> tuple[Said, ...]:
    """Return what the body of a delivery-status part says of each recipient, in its order."""
    found = []
    for block in text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n"):
        if "ecipient" not in block and "ECIPIENT" not in block:
            continue  # of the message, not of a recipient
        fields = _fields(block)
        if not _NEEDED.isdisjoint(fields) and (each := _said(fields)) is not None:
            found.append(each)
            if len(found) == RECIPIENTS:
                break
    return tuple(found)


def _fields(block: str) -> dict[str, str]:
    """Return the first field of each name, unfolded."""
    fields: dict[str, str] = {}
    name = ""
    for line in block.split("\n"):
        if line[:1] in (" ", "\t"):
            if name and len(fields[name]) < FIELD:
                fields[name] += f" {line.strip()[:FIELD]}"
            continue
        word, colon, value = line.partition(":")
        name = word.strip().lower() if colon else ""
        if name in fields:
            name = ""
        elif name:
            fields[name] = value.strip()[:FIELD]
    return fields


def _said(fields: Mapping[str, str]) -> Said | None:
    words = _value(fields.get("diagnostic-code", ""))
    status = status_of(fields.get("status", "")) or status_of(words)
    word = fields.get("action", "").lower()
    word = _COMMENT.sub("", word).strip() if "(" in word else word
    action: Action | None = word if word in ACTIONS else _BY_CLASS.get(status[:1])  # type: ignore[assignment]
    if action is None:
        return None
    return Said(
        action=action,
        final=_address(fields.get("final-recipient", "")),
        original=_address(fields.get("original-recipient", "")),
        status=status,
        code=code_of(words),
        text=one_line(words),
        remote=one_line(_value(fields.get("remote-mta", "")), 255),
    )


def _value(typed: str) -> str:
    """Return what stands behind the type of a field such as ``smtp; 550 no``."""
    kind, semicolon, value = typed.partition(";")
    return value.strip() if semicolon and " " not in kind.strip() else typed.strip()


def _address(typed: str) -> str:
    """Return the address of a recipient field, its escapes (RFC 6533 section 3) undone."""
    value = _value(typed)
    bracketed = _BRACKETED.search(value) if "<" in value else None
    text = bracketed[1] if bracketed else value
    return one_line(_ESCAPE.sub(_character, text) if "\\" in text else text, _ADDRESS)


def _character(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else "?"
