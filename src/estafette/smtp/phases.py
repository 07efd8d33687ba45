"""The life of a session as a table: which verb is legal where, and where it leads (RFC 5321 section 4.1.4)."""

from __future__ import annotations

from enum import StrEnum

from estafette.smtp import replies


class Phase(StrEnum):
    """How far the session and its transaction are."""

    START = "start"
    READY = "ready"
    MAIL = "mail"
    RCPT = "rcpt"
    CHUNKS = "chunks"


MOVES: dict[tuple[Phase, bytes], Phase] = {
    **{(phase, verb): Phase.READY for phase in Phase for verb in (b"EHLO", b"HELO")},
    **{(phase, b"RSET"): Phase.READY for phase in Phase},
    (Phase.START, b"RSET"): Phase.START,
    **{(phase, verb): phase for phase in Phase for verb in (b"NOOP", b"VRFY", b"HELP", b"EXPN", b"QUIT")},
    (Phase.READY, b"STARTTLS"): Phase.START,
    (Phase.READY, b"AUTH"): Phase.READY,
    (Phase.READY, b"MAIL"): Phase.MAIL,
    (Phase.MAIL, b"RCPT"): Phase.RCPT,
    (Phase.RCPT, b"RCPT"): Phase.RCPT,
    (Phase.RCPT, b"DATA"): Phase.READY,
    (Phase.RCPT, b"BDAT"): Phase.CHUNKS,
    (Phase.CHUNKS, b"BDAT"): Phase.CHUNKS,
}

_WHY: dict[tuple[Phase, bytes], bytes] = {
    (Phase.MAIL, b"MAIL"): replies.NESTED_MAIL,
    (Phase.RCPT, b"MAIL"): replies.NESTED_MAIL,
    (Phase.READY, b"RCPT"): replies.NEED_MAIL,
    (Phase.READY, b"DATA"): replies.NEED_MAIL,
    (Phase.READY, b"BDAT"): replies.NEED_MAIL,
    (Phase.MAIL, b"DATA"): replies.NEED_RCPT,
    (Phase.MAIL, b"BDAT"): replies.NEED_RCPT,
}


def why_not(phase: Phase, verb: bytes) -> bytes:
    """Return the reply to a verb that ``MOVES`` does not list for a phase."""
    if phase is Phase.START:
        return replies.NEED_HELLO
    return _WHY.get((phase, verb), replies.BAD_SEQUENCE)
