"""The gate of the ``mx`` listeners: takes what comes back to a return path that we made, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Self

from estafette.base import ids
from estafette.base.clock import Clock
from estafette.base.errors import Refusal
from estafette.base.ids import Mint
from estafette.base.metrics import counter
from estafette.base.seal import Keyring
from estafette.mail import verp
from estafette.mail.fixups import safe_lines
from estafette.mail.received import received
from estafette.model.address import Address
from estafette.model.envelope import Envelope, Recipient
from estafette.model.message import Content
from estafette.relay.submission.client import ClientInfo
from estafette.smtp.events import MailFrom
from estafette.store.interface.spool import Spool

MAC_PURPOSE = "return-path"
#: RFC 5321 section 4.5.1 and RFC 2142: every domain that takes mail answers to these.
ROLES = frozenset({"postmaster", "abuse"})
KEPT = 30 * 86400.0

_refused = counter("returns_refused", "Recipients that an mx listener refused: no address of ours.")


class MacedReturnPathGate:
    """``ReturnPathGate``: a returned message is kept whole, until the return desk reads it.

    doors: say of an address whether somebody else of us reads what comes to it: unsubscriptions, reports, complaints.
    """

    def __init__(
        self, *, spool: Spool, keyring: Keyring, clock: Clock, mint: Mint, hostname: str, return_path: str,
        doors: Sequence[Callable[[Address], bool]] = (),
    ) -> None:  # fmt: skip
        self._spool = spool
        self._verify = partial(keyring.verify, MAC_PURPOSE)
        self._clock = clock
        self._mint = mint
        self._hostname = hostname
        self._domain = return_path.lower()
        self._own = frozenset({self._domain, hostname.lower()})
        self._doors = tuple(doors)

    def transaction(self, _mail: MailFrom, _client: ClientInfo) -> Self:
        """See ``ReturnPathGate``. It remembers nothing of a transaction."""
        return self

    def takes(self, recipient: Address) -> bool:
        """Whether an address is a return path of ours, or somebody here reads what comes to it."""
        if recipient.domain in self._own and recipient.local.lower() in ROLES:
            return True
        return self._read(recipient.text) is not None or any(door(recipient) for door in self._doors)

    def check_recipient(self, recipient: Address, _asked: Recipient | None = None) -> None:
        """See ``MxTransaction``. Every stranger gets the same answer: this door does not relay."""
        if not self.takes(recipient):
            _refused.inc()
            raise Refusal(550, "5.7.1", "relaying denied", rule="not_a_return_path")

    def abandon(self) -> None:
        """See ``MxTransaction``: nothing is held."""

    async def finish(self, envelope: Envelope, body: bytes, client: ClientInfo) -> None:
        """See ``MxTransaction``. One copy is kept; the return desk says in the log what it was."""
        number = client.message or self._mint.next()
        await self._spool.keep_return(self._content(number, self._clock.now(), envelope, body, client), b"")

    def _read(self, address: str) -> tuple[int, int] | None:
        return verp.read(self._verify, address, self._domain)

    def _content(self, number: int, now: float, envelope: Envelope, body: bytes, client: ClientInfo) -> Content:
        trace = received(
            helo=client.helo,
            client=client.address,
            hostname=client.hostname or self._hostname,
            protocol=client.protocol,
            tls=client.tls,
            shown=ids.show(number),
            at=now,
        )
        kept = trace + safe_lines(body)
        return Content(
            id=number,
            tenant="",
            stream="",
            kind="return",
            credential="",
            sender=envelope.sender,
            header_from="",
            size=len(kept),
            accepted=now,
            body=kept,
            body_type=envelope.body,
            smtputf8=envelope.smtputf8,
            eight_bit=not kept.isascii(),
            retention=KEPT,
            recipients=len(envelope.recipients),
            source=client.address,
            came_to=tuple(each.address for each in envelope.recipients),
        )
