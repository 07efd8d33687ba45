"""Arguments of commands: RFC 5321 section 4.1.2 with the parameters of RFC 1870, 3461, 6152, 6531 and 4954."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import cast

from estafette.base.errors import Refusal
from estafette.model.address import Address, AddressError, parse_path
from estafette.model.envelope import (
    NOTIFY_DELAY,
    NOTIFY_FAILURE,
    NOTIFY_NEVER,
    NOTIFY_SUCCESS,
    Body,
    Recipient,
    Ret,
)
from estafette.smtp.events import MailFrom, RcptTo

_PATH = rb'<((?:[^<>"\\\x00-\x1f]|"(?:[^"\\\x00-\x1f]|\\[ -~])*")*)>(?: +([^ ].*?))? *'
_FROM = re.compile(rb"FROM: ?" + _PATH, re.IGNORECASE)
_TO = re.compile(rb"TO: ?" + _PATH, re.IGNORECASE)
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~]+))?")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
_NAME = re.compile(rb"[!-~]{1,255}")
_NOTIFY = {"SUCCESS": NOTIFY_SUCCESS, "FAILURE": NOTIFY_FAILURE, "DELAY": NOTIFY_DELAY}
_MAIL_KEYS = frozenset({"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "AUTH"})
_RCPT_KEYS = frozenset({"NOTIFY", "ORCPT"})
#: Arguments remembered with their meaning: a client says the same sender, and often the same recipients, again.
_REMEMBERED = 1024


def hello_name(argument: bytes) -> str:
    """Return the name in EHLO or HELO: one word of printable ASCII, at most 255 octets."""
    if not _NAME.fullmatch(argument):
        raise Refusal(501, "5.5.4", "EHLO takes one host name", rule="helo_syntax")
    return argument.decode("ascii")


@lru_cache(_REMEMBERED)
def mail(argument: bytes, *, extended: bool) -> MailFrom:
    """Read the argument of MAIL; Refusal when it breaks a rule."""
    match = _FROM.fullmatch(argument)
    if match is None:
        raise Refusal(501, "5.5.4", "syntax: MAIL FROM:<address> parameters", rule="mail_syntax")
    found = _parameters(match[2], _MAIL_KEYS, extended=extended) if match[2] else {}
    smtputf8 = "SMTPUTF8" in found
    if found.get("SMTPUTF8"):
        raise _bad("SMTPUTF8")
    sender = _address(match[1], smtputf8=smtputf8, sender=True) if match[1] else None
    if not found:
        return MailFrom(sender)
    return MailFrom(sender, _size(found), _body(found), smtputf8, _ret(found), _envid(found))


@lru_cache(_REMEMBERED)
def rcpt(argument: bytes, *, extended: bool, smtputf8: bool, hostname: str) -> RcptTo:
    """Read the argument of RCPT; ``<postmaster>`` alone means the one at ``hostname`` (RFC 5321 section 4.5.1)."""
    match = _TO.fullmatch(argument)
    if match is None:
        raise Refusal(501, "5.5.4", "syntax: RCPT TO:<address> parameters", rule="rcpt_syntax")
    found = _parameters(match[2], _RCPT_KEYS, extended=extended) if match[2] else {}
    if match[1].lower() == b"postmaster":
        address = Address("postmaster", hostname.lower())
    else:
        address = _address(match[1], smtputf8=smtputf8, sender=False)
    recipient = Recipient(address.text, address.domain, _notify(found), _orcpt(found))
    return RcptTo(address, recipient)


def chunk(argument: bytes) -> tuple[int, bool]:
    """Return (octets, last) of BDAT (RFC 3030 section 2)."""
    size, _, last = argument.partition(b" ")
    if not size.isdigit() or len(size) > 19 or last.strip().upper() not in {b"", b"LAST"}:
        raise Refusal(501, "5.5.4", "syntax: BDAT octets [LAST]", rule="bdat_syntax")
    return int(size), bool(last.strip())


def _address(raw: bytes, *, smtputf8: bool, sender: bool) -> Address:
    try:
        return parse_path(raw, smtputf8=smtputf8)
    except AddressError as error:
        if error.enhanced == "5.6.7":
            raise Refusal(553, "5.6.7", str(error), rule="smtputf8") from None
        enhanced = "5.1.7" if sender else "5.1.3"
        raise Refusal(501, enhanced, str(error), rule="address_syntax") from None


def _parameters(raw: bytes, known: frozenset[str], *, extended: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    if not raw.isascii():
        raise Refusal(501, "5.5.2", "a parameter is ASCII", rule="parameter_syntax")
    for word in raw.decode("ascii").split():
        match = _PARAMETER.fullmatch(word)
        key = match[1].upper() if match else ""
        if match is None or key not in known or not extended:
            raise Refusal(555, "5.5.4", "parameter not recognised", rule="parameter_unknown")
        if key in found:
            raise Refusal(501, "5.5.4", f"{key} given twice", rule="parameter_twice")
        found[key] = match[2] or ""
    return found


def _bad(key: str) -> Refusal:
    return Refusal(501, "5.5.4", f"{key} has a bad value", rule="parameter_value")


def _size(found: dict[str, str]) -> int:
    text = found.get("SIZE", "0")
    if not text.isdigit() or len(text) > 20:
        raise _bad("SIZE")
    return int(text)


def _body(found: dict[str, str]) -> Body:
    text = found.get("BODY", "7BIT").upper()
    if text not in {"7BIT", "8BITMIME"}:
        raise _bad("BODY")
    return cast("Body", text)


def _ret(found: dict[str, str]) -> Ret:
    text = found.get("RET", "").upper()
    if text not in {"FULL", "HDRS"} and "RET" in found:
        raise _bad("RET")
    return cast("Ret", text)


def _envid(found: dict[str, str]) -> str:
    text = found.get("ENVID", "")
    if len(text) > 100 or not _XTEXT.fullmatch(text) or ("ENVID" in found and not text):
        raise _bad("ENVID")
    return text


def _notify(found: dict[str, str]) -> int:
    text = found.get("NOTIFY")
    if text is None:
        return 0
    words = text.upper().split(",")
    if words == ["NEVER"]:
        return NOTIFY_NEVER
    if not set(words) <= _NOTIFY.keys() or len(set(words)) != len(words):
        raise _bad("NOTIFY")
    return sum(_NOTIFY[word] for word in words)


def _orcpt(found: dict[str, str]) -> str:
    text = found.get("ORCPT")
    if text is None:
        return ""
    kind, separator, value = text.partition(";")
    if not (kind and separator and value) or len(text) > 500 or not _XTEXT.fullmatch(value):
        raise _bad("ORCPT")
    return text
