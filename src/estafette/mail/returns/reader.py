"""What came back, recognised: the standard's form first, then the forms of programs, then the library's guess."""

from __future__ import annotations

import re

import msgspec

from estafette.mail.returns import fallback, plain, signs, status
from estafette.mail.returns.diagnosis import code_of, one_line, status_of
from estafette.mail.returns.finding import Finding, Quoted, Said
from estafette.mail.returns.opened import Opened

#: Levels of reports within attached messages.
NESTED = 3
_QUOTED = 64 * 1024
_MACHINE = (b"message/delivery-status", b"message/global-delivery-status", b"text/rfc822-delivery-status")
_COPIES = (
    b"message/rfc822", b"message/global", b"text/rfc822-headers", b"message/global-headers", b"message/rfc822-headers",
)  # fmt: skip
_NUMBER = re.compile(rb"^[> \t]{0,8}X-Estafette-Id:[ \t]{0,8}([0-9A-Za-z]{13})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_PATH = re.compile(rb"^[> \t]{0,8}Return-Path:[ \t]{0,8}<([!-;=?-~]{3,320})>", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[^\s<>,;:\"()]{1,64}@[^\s<>,;:\"()]{1,255}")
_PATHS = 5
#: Local parts that report; what others write is no report without a clear form.
_DAEMONS = (
    "mailer-daemon",
    "postmaster",
    "mail-daemon",
    "maildaemon",
    "mailerdaemon",
    "mail delivery",
    "delivery subs",
)


def read(message: bytes, *, null: bool = False, guess: bool = True) -> Finding:
    """Return what a returned message is.

    null: its envelope sender was the null one, so that a program sent it (RFC 5321 section 4.5.5). guess: ask the
    library too, when nothing else recognises it.
    """
    opened = Opened(message)
    found = _structured(opened) or _by_program(opened) or _nested(opened, 0)
    if found is None and (kind := signs.kind_of(opened)) != "unknown":
        found = Finding(kind, kind, writer=next(iter(_ADDRESS.findall(opened.field(b"from"))), ""))
    if found is None and null:
        found = _in_words(opened)
    if found is None and guess and (said := fallback.read(opened)):
        found = Finding("report", "flufl", said)
    if found is None:
        return Finding("unknown", quoted=_quoted(opened))
    return found if found.quoted != Quoted() else msgspec.structs.replace(found, quoted=_quoted(opened))


def _structured(message: Opened) -> Finding | None:
    """Return what parts say that are made for programs."""
    said: tuple[Said, ...] = ()
    for part in message.of_type(*_MACHINE):
        said = said or status.said(message.text(part))
    if said:
        return Finding("report", "rfc3464", tuple(_in_full(message, each) for each in said))
    if any(message.of_type(b"message/disposition-notification", b"message/global-disposition-notification")):
        return Finding("disposition", "rfc8098")
    if any(message.of_type(b"message/feedback-report")):
        return Finding("feedback", "rfc5965")
    return None


def _in_full(message: Opened, said: Said) -> Said:
    """Return what is said of a recipient, with the reply from the words for people when the fields repeat none."""
    if said.text or said.action not in {"failed", "delayed"}:
        return said
    words = message.words()
    text = plain.answer_for(words, said.final) or plain.answer_for(words, said.original)
    status = status_of(text) if said.status[1:] in {"", ".0.0"} else ""
    return msgspec.structs.replace(said, text=text, code=code_of(text), status=status or said.status)


def _by_program(message: Opened) -> Finding | None:
    """Return what the words of a program say; Exim names whom it means in a field (specification, chapter 50)."""
    failed = _ADDRESS.findall(message.field(b"x-failed-recipients"))
    if not failed:
        return _in_words(message) if _from_a_program(message) else None
    found = _in_words(message)
    if found is not None and {each.final for each in found.said} & set(failed):
        return found
    text = one_line(message.words())
    return Finding("report", "failed_recipients", tuple(Said("failed", each, text=text) for each in failed))


def _in_words(message: Opened) -> Finding | None:
    own = _ADDRESS.findall(f"{message.field(b'to')} {message.field(b'from')}"[:2_000])
    found = plain.read(message.words(), message.field(b"subject"), own)
    return None if found is None else Finding("report", *found)


def _from_a_program(message: Opened) -> bool:
    """Whether a mail system, not a person or an answering machine, seems to have written it."""
    sender = message.field(b"from").lower()
    if any(name in sender for name in _DAEMONS):
        return True
    return message.type == b"multipart/report" or sender in {"", "<>"} or message.field(b"return-path") == "<>"


def _nested(message: Opened, level: int) -> Finding | None:
    """Return what the first attached message reports: some systems wrap the report that they pass on."""
    for inner in message.enclosed():
        found = _inner(inner, level + 1)
        return found if found.kind == "report" else None
    return None


def _inner(message: bytes, level: int) -> Finding:
    opened = Opened(message)
    found = _structured(opened)
    if found is None and level < NESTED:
        found = _nested(opened, level)
    if found is None:
        return Finding("unknown")
    return Finding(found.kind, found.form, found.said, _quoted(opened))


def _quoted(message: Opened) -> Quoted:
    """Return what is repeated of the message that the report is about."""
    places = [message.message[part.body : min(part.stop, part.body + _QUOTED)] for part in message.of_type(*_COPIES)]
    if not places:
        start = message.head.end if message.head is not None else 0
        places = [message.message[start : start + _QUOTED]]
    number = next((found[1].decode("ascii").upper() for place in places if (found := _NUMBER.search(place))), "")
    paths = [path.decode("ascii") for place in places for path in _PATH.findall(place)]
    return Quoted(number, tuple(dict.fromkeys(paths))[:_PATHS])
