"""Screening: what is found out about a message while its sender waits, and written on top of it."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Protocol

from estafette.base import log
from estafette.base.errors import Refusal
from estafette.base.ids import show
from estafette.base.metrics import counter
from estafette.mail.authentication_results import field, without_claims
from estafette.mail.headers import Head
from estafette.model.address import AddressError, parse_mailboxes
from estafette.net.inquiry import InquiryFault
from estafette.relay.inbound.letter import Letter
from estafette.relay.inbound.rspamd import Opinion, read_opinion

#: Received fields of one message, above which it goes round in circles (RFC 5321 section 6.3).
MOST_HOPS = 50
#: Fields that only screening may write.
_MARKS = frozenset({b"x-spam", b"x-spam-score"})

_screened = counter("inbound_screened", "Messages that came in by routes, by what screening said.", "action")
_log = log.get("relay.inbound")
_REFUSALS = {
    "reject": Refusal(554, "5.7.1", "this message is refused as spam", rule="spam"),
    "later": Refusal(451, "4.7.1", "this message is not taken now, try again later", rule="screening_later"),
}


class Asks(Protocol):
    """What carries a message to rspamd; ``net.inquiry.Inquirer`` does."""

    def ask(self, body: bytes, headers: Iterable[tuple[str, str]]) -> Awaitable[bytes]:
        """Return the answer; InquiryFault."""
        ...


class Screening:
    """Looks at letters. hostname: who says so, in Authentication-Results. rspamd: None = nobody is asked."""

    def __init__(self, hostname: str, rspamd: Asks | None = None) -> None:
        self._hostname = hostname
        self._rspamd = rspamd

    def cleaned(self, body: bytes) -> bytes:
        """Return a message without what only we may say; Refusal when it goes round, or cannot be read."""
        head = Head.parse(body)
        if len(head.get_all(b"received")) > MOST_HOPS:
            raise Refusal(554, "5.4.6", f"more than {MOST_HOPS} servers have passed this on", rule="mail_loop")
        return without_claims(body, self._hostname, also=_MARKS)

    async def look(self, letter: Letter) -> bytes:
        """Return the fields to be put on top, below Received; Refusal when the message is not wanted."""
        opinion = await self._opinion(letter)
        if opinion is None:
            _screened.labels("none").inc()
            return field(self._hostname, ())
        _screened.labels(opinion.action).inc()
        if (against := _REFUSALS.get(opinion.action)) is not None:
            raise Refusal(
                against.code, against.enhanced, against.public, rule=against.rule, cause=f"score {opinion.score:.1f}"
            )
        return field(self._hostname, opinion.findings) + _mark(opinion)

    async def _opinion(self, letter: Letter) -> Opinion | None:
        if self._rspamd is None:
            return None
        try:
            said = await self._rspamd.ask(letter.trace + letter.body, _headers(letter, self._hostname))
            return read_opinion(said, sender=letter.envelope.sender, header_from=_author(letter.body))
        except (InquiryFault, ValueError) as error:
            _log.warning("screening_silent", cause=str(error)[:500])
            return None


def _mark(opinion: Opinion) -> bytes:
    if opinion.action != "mark":
        return b""
    return f"X-Spam: yes\r\nX-Spam-Score: {opinion.score:.2f} / {opinion.required:.2f}\r\n".encode("ascii")


def _headers(letter: Letter, hostname: str) -> list[tuple[str, str]]:
    """What rspamd is told of the session (rspamd's protocol, request headers)."""
    envelope = letter.envelope
    return [
        ("IP", letter.address), ("Helo", letter.helo), ("From", envelope.sender), ("MTA-Name", hostname),
        ("Queue-Id", show(letter.message)), *(("Rcpt", each.address) for each in envelope.recipients),
    ]  # fmt: skip


def _author(body: bytes) -> str:
    """Return the domain of From, "" when nobody can say."""
    values = Head.parse(body).get_all(b"from")
    try:
        found = parse_mailboxes(values[0].decode("utf-8")) if len(values) == 1 else []
    except (AddressError, UnicodeDecodeError):
        return ""
    return found[0].domain if found else ""
