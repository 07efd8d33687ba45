"""One transaction that is handed over while its sender waits: the company's server answers, we pass it on."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from estafette.base.errors import Refusal
from estafette.model.envelope import Recipient
from estafette.model.event import Reply
from estafette.relay.inbound.connection import Connection, Lost
from estafette.relay.inbound.forwarding import Forwarding
from estafette.relay.inbound.target import Target
from estafette.smtp.events import MailFrom
from estafette.smtp.offer import Offer
from estafette.smtp.transaction import Transaction, commands, objection


class Forward:
    """From MAIL to the final answers. ``accepted``: recipients to whom the server has said yes, in their order."""

    def __init__(self, forwarding: Forwarding, target: Target, mail: MailFrom) -> None:
        self._forwarding = forwarding
        self._target = target
        self._mail = mail
        self._connection: Connection | None = None
        self.accepted: list[Recipient] = []

    async def recipient(self, recipient: Recipient) -> None:
        """Ask for one recipient; Refusal in the server's words, or 451."""
        try:
            connection = self._connection or await self._begin(recipient)
            line = commands(self._transaction([recipient]), self._offer(connection))[1]
            reply = await connection.ask("rcpt", line)
        except Lost as lost:
            raise self._lost(lost) from None
        if reply.code // 100 != 2:
            raise refusal(reply)
        self.accepted.append(recipient)

    async def deliver(self, body: bytes, only: Sequence[Recipient] | None = None) -> list[Reply]:
        """Hand the message over; return the answer for each of ``accepted``, or of ``only`` these.

        Refusal when it never got so far.
        """
        try:
            if only is not None and len(only) < len(self.accepted):
                await self._again(only)
            return await self._deliver(body)
        except Lost as lost:
            raise self._lost(lost) from None

    def close(self) -> None:
        """Leave the server, whatever was said."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._forwarding.close(self._target, connection)

    async def _begin(self, recipient: Recipient) -> Connection:
        connection = self._connection = await self._forwarding.open(self._target)
        try:
            await self._say_mail(connection, recipient)
        except BaseException:
            self.close()
            raise
        return connection

    async def _say_mail(self, connection: Connection, recipient: Recipient) -> None:
        transaction, offer = self._transaction([recipient]), self._offer(connection)
        if (against := objection(transaction, offer)) is not None:
            raise refusal(against.reply)
        reply = await connection.ask("mail", commands(transaction, offer)[0])
        if reply.code // 100 != 2:
            raise refusal(reply)

    async def _again(self, only: Sequence[Recipient]) -> None:
        """Begin anew with fewer recipients: LMTP cannot take one back."""
        connection = self._connection
        assert connection is not None
        await connection.ask("rset", "RSET")
        self.accepted = []
        await self._say_mail(connection, only[0])
        for each in only:
            await self.recipient(each)

    async def _deliver(self, body: bytes) -> list[Reply]:
        connection = self._connection
        assert connection is not None
        transaction = self._transaction(self.accepted, body)
        if (against := objection(transaction, connection.talk.offer)) is not None:
            raise refusal(against.reply)
        reply = await connection.ask("data", "DATA")
        if reply.code // 100 != 3:
            raise refusal(reply)
        return await connection.hand(body, len(self.accepted))

    def _transaction(self, recipients: Sequence[Recipient], body: bytes | None = None) -> Transaction:
        mail = self._mail
        return Transaction(
            sender=mail.sender.text if mail.sender is not None else "", recipients=recipients,
            size=mail.size if body is None else len(body), body=body, body_type=mail.body, smtputf8=mail.smtputf8,
            eight_bit=body is not None and not body.isascii(), ret=mail.ret, envid=mail.envid,
        )  # fmt: skip

    def _offer(self, connection: Connection) -> Offer:
        """What is said of a size that nobody announced: nothing."""
        offer = connection.talk.offer
        return msgspec.structs.replace(offer, size_offered=offer.size_offered and self._mail.size > 0)

    def _lost(self, lost: Lost) -> Refusal:
        self.close()
        failure = lost.failure
        if failure.reply is not None:
            return refusal(failure.reply)
        return Refusal(
            451, "4.4.2", "the server of this address broke off, try again later", rule="forward_lost",
            cause=f"{failure.phase}: {failure.reason}",
        )  # fmt: skip


def refusal(reply: Reply) -> Refusal:
    """Return a server's no as ours. 421 would end the sender's session too, whose other mail is none of it."""
    code = 451 if reply.code == 421 or reply.code // 100 not in (4, 5) else reply.code
    enhanced = reply.enhanced if reply.enhanced[:1] == str(code)[0] else f"{code // 100}.0.0"
    return Refusal(code, enhanced, reply.text or "refused", rule="refused_by_server")
