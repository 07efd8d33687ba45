"""One outgoing transaction: MAIL, RCPT, DATA as command lines, and the body as it crosses the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from estafette.model.envelope import (
    NOTIFY_DELAY,
    NOTIFY_FAILURE,
    NOTIFY_NEVER,
    NOTIFY_SUCCESS,
    Body,
    Ret,
)
from estafette.model.event import Reply
from estafette.smtp.offer import Offer

_NOTIFY_WORDS = ((NOTIFY_SUCCESS, "SUCCESS"), (NOTIFY_FAILURE, "FAILURE"), (NOTIFY_DELAY, "DELAY"))


class Addressee(Protocol):
    """What RCPT needs of a recipient; ``model.message.Delivery`` has it."""

    @property
    def address(self) -> str:
        """Mailbox."""
        ...

    @property
    def notify(self) -> int:
        """Bits of NOTIFY, 0 = not given."""
        ...

    @property
    def orcpt(self) -> str:
        """ORCPT as ``type;xtext``, or empty."""
        ...


class Transaction(msgspec.Struct, kw_only=True):
    """What is to be sent.

    Either ``body`` (CRLF lines, not yet dot-stuffed) or ``pieces``, which makes an iterator over such a body anew
    for each session. size: octets of the body. eight_bit: it holds octets above 127.
    """

    sender: str
    recipients: Sequence[Addressee]
    size: int
    body: bytes | None = None
    pieces: Callable[[], Iterator[bytes]] | None = None
    body_type: Body = "7BIT"
    smtputf8: bool = False
    eight_bit: bool = False
    ret: Ret = ""
    envid: str = ""


class Objection(msgspec.Struct, frozen=True):
    """Why a transaction cannot be sent to a peer at all: our own words as a reply, and a machine name."""

    reply: Reply
    reason: str


def objection(transaction: Transaction, offer: Offer) -> Objection | None:
    """Return what the peer's offer forbids, None when it may be sent.

    A signed message is never re-encoded on the way (RFC 6152 section 3, RFC 6376 section 5.3), so what the peer
    cannot take as it is fails: 5.3.4 too large (RFC 1870), 5.6.3 eight-bit text, 5.6.7 SMTPUTF8 (RFC 6531).
    """
    if offer.size and transaction.size > offer.size:
        return Objection(
            Reply(552, "5.3.4", f"message larger than the peer's limit of {offer.size} octets"), "too_large"
        )
    if transaction.eight_bit and not offer.eight_bit:
        return Objection(Reply(554, "5.6.3", "the peer does not take eight-bit text"), "eight_bit_unsupported")
    if not offer.smtputf8 and needs_utf8(transaction):
        return Objection(Reply(553, "5.6.7", "the peer does not take SMTPUTF8"), "smtputf8_unsupported")
    return None


def needs_utf8(transaction: Transaction) -> bool:
    """True when an address or a header field holds more than ASCII; the submitter's flag alone is not that."""
    if not transaction.sender.isascii() or not all(r.address.isascii() for r in transaction.recipients):
        return True
    if not transaction.smtputf8 or not transaction.eight_bit:
        return False
    return transaction.body is None or not transaction.body.partition(b"\r\n\r\n")[0].isascii()


def commands(transaction: Transaction, offer: Offer) -> list[str]:
    """Return MAIL, each RCPT and DATA without line ends; ValueError when a value could leave its line."""
    lines = [_mail(transaction, offer)]
    if offer.dsn:
        lines += [f"RCPT TO:<{r.address}>{_rcpt_options(r)}" for r in transaction.recipients]
    else:
        lines += [f"RCPT TO:<{r.address}>" for r in transaction.recipients]
    lines.append("DATA")
    text = "".join(lines)
    if not text.isprintable():
        raise ValueError("a control character in the envelope")
    return lines


def _mail(transaction: Transaction, offer: Offer) -> str:
    line = f"MAIL FROM:<{transaction.sender}>"
    if offer.size_offered:
        line += f" SIZE={transaction.size}"
    if offer.eight_bit and (transaction.eight_bit or transaction.body_type == "8BITMIME"):
        line += " BODY=8BITMIME"
    if offer.smtputf8 and (transaction.smtputf8 or needs_utf8(transaction)):
        line += " SMTPUTF8"
    if offer.dsn and transaction.ret:
        line += f" RET={transaction.ret}"
    if offer.dsn and transaction.envid:
        line += f" ENVID={transaction.envid}"
    return line


def _rcpt_options(recipient: Addressee) -> str:
    options = ""
    if recipient.notify & NOTIFY_NEVER:
        options = " NOTIFY=NEVER"
    elif recipient.notify:
        options = " NOTIFY=" + ",".join(word for bit, word in _NOTIFY_WORDS if recipient.notify & bit)
    return f"{options} ORCPT={recipient.orcpt}" if recipient.orcpt else options


def stuffed(body: bytes) -> bytes:
    """Return a body with its dots doubled and the final dot behind it (RFC 5321 section 4.5.2)."""
    if b"\r\n." in body:
        body = body.replace(b"\r\n.", b"\r\n..")
    if body[:1] == b".":
        body = b"." + body
    return body + (b".\r\n" if body[-2:] == b"\r\n" or not body else b"\r\n.\r\n")


def stuffed_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Do what ``stuffed`` does over pieces cut anywhere."""
    tail = b"\r\n"
    for piece in pieces:
        if not piece:
            continue
        # The tail of what went before decides whether a leading dot, or LF and dot, stands at a line's start.
        joined = (tail + piece).replace(b"\r\n.", b"\r\n..")
        yield joined[len(tail) :]
        tail = (tail + piece)[-2:]
    yield b".\r\n" if tail == b"\r\n" else b"\r\n.\r\n"
