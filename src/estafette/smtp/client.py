"""SMTP client without I/O: octets in, octets out, states and their moves as tables.

The owner feeds ``receive``, writes what ``take`` returns, and looks at ``want``: ``tls`` asks for a handshake
followed by ``secured``; ``body`` asks for ``stuffed_pieces`` to be written, followed by ``body_sent``; ``close`` ends
it.
"""

from __future__ import annotations

from typing import Literal

from estafette.model.event import Reply, Step
from estafette.smtp.answer import Answer, Failure, State, TlsUse, Want, phase_of
from estafette.smtp.conversation import Conversation
from estafette.smtp.exchange import Exchange
from estafette.smtp.login import Login
from estafette.smtp.offer import Offer
from estafette.smtp.opening import Opening
from estafette.smtp.reply import ProtocolFault
from estafette.smtp.transaction import Transaction


class Client:
    """One session. ``ready``: open and idle. ``answers``: per recipient, once ``finished``.

    helo: our name. tls: whether STARTTLS is used. login: SASL credentials of a smarthost. secure: TLS is already up.
    now, wherever asked for: monotonic seconds; times in ``steps`` count from ``origin``.
    """

    def __init__(
        self, *, helo: str, tls: TlsUse = "opportunistic", login: Login | None = None, secure: bool = False,
        origin: float = 0.0,
    ) -> None:  # fmt: skip
        self._talk = Conversation(origin)
        self._opening = Opening(self._talk, helo, tls, login, secure=secure)
        self._exchange = Exchange(self._talk)
        self._spent = False
        self.take = self._talk.take
        self.failure: Failure | None = None
        self.spoken = False
        self.heard = 0

    # -- what the owner asks ------------------------------------------------------------------------------------

    @property
    def state(self) -> State | Literal[""]:
        """What is awaited next; empty when idle."""
        awaited = self._talk.awaited
        return awaited[0] if awaited else ""

    @property
    def want(self) -> Want:
        """What the owner is to do."""
        return self._talk.want

    @property
    def secure(self) -> bool:
        """True under TLS."""
        return self._opening.secure

    @property
    def offer(self) -> Offer:
        """What the peer's EHLO offered."""
        return self._opening.offer

    @property
    def ready(self) -> bool:
        """True from the end of the opening until the session fails."""
        return self._opening.ready and self.failure is None

    @property
    def reusable(self) -> bool:
        """True when another transaction may begin."""
        return self.ready and not self._spent and not self._talk.awaited

    @property
    def finished(self) -> bool:
        """True once every recipient of the last transaction has its answer."""
        return self._exchange.finished

    @property
    def answers(self) -> list[Answer]:
        """One answer for each recipient of the finished transaction."""
        return [answer for answer in self._exchange.answers if answer is not None]

    @property
    def steps(self) -> list[Step]:
        """What was said since ``origin``, for the record."""
        return self._talk.steps

    # -- what the owner tells -----------------------------------------------------------------------------------

    def rebase(self, origin: float) -> None:
        """Count steps anew from a time."""
        self._talk.origin = origin
        self._talk.steps = []

    def receive(self, data: bytes, now: float) -> None:
        """Take octets from the peer; a peer that breaks the protocol ends up in ``failure``, never in an exception."""
        reader, talk = self._opening.reader, self._talk
        try:
            reader.feed(data)
            while talk.want not in ("tls", "close") and (reply := reader.next()) is not None:
                self._heard(reply, now)
            if talk.want == "tls" and reader.pending:
                # RFC 3207 section 6: what was sent before the handshake must not be believed after it.
                self.end("starttls_injection")
        except ProtocolFault as fault:
            self.end(fault.reason)

    def secured(self, now: float) -> None:
        """The handshake is done: forget what was learnt before it and greet again."""
        self._talk.want = ""
        self._opening.secured(now)

    def begin(self, transaction: Transaction) -> None:
        """Start a transaction on a ``reusable`` session; ValueError when its envelope cannot be said in SMTP."""
        self._exchange.begin(transaction, self._opening.offer)
        self.spoken = False

    def body_sent(self) -> None:
        """The streamed body and its final dot were handed to the network."""
        self._talk.want = ""
        if self._talk.awaited and self._talk.awaited[0] == "body":
            self._talk.awaited[0] = "dot"

    def quit(self) -> None:
        """Say goodbye."""
        self._spent = True
        self._talk.say("quit", "QUIT")

    def end(self, reason: str) -> None:
        """The session is over (lost, timed out, broken): whoever has no answer yet gets this one."""
        self._close(Failure(phase_of(self.state), None, reason))

    # -- the tables ---------------------------------------------------------------------------------------------

    def _heard(self, reply: Reply, now: float) -> None:
        self.spoken = True
        self.heard += 1
        awaited = self._talk.awaited
        if not awaited:
            self._close(Failure("mail", reply, "peer_closing" if reply.code == 421 else "unasked_reply"))
            return
        state = awaited[0]
        key = (state, reply.code // 100)
        if key not in _KNOWN:
            raise ProtocolFault("unexpected_reply", f"{reply.code} in answer to {state}")
        awaited.popleft()
        if state != "rcpt" or not awaited or awaited[0] != "rcpt":
            self._talk.step(state, f"{reply.code} {reply.enhanced}" if reply.enhanced else str(reply.code), now)
        self._move(key, reply)
        if reply.code == 421:
            self._close(Failure(phase_of(state), reply, "peer_closing"))

    def _move(self, key: tuple[State, int], reply: Reply) -> None:
        failure = None
        if (said := Exchange.MOVES.get(key)) is not None:
            failure = said(self._exchange, reply)
        elif (opened := Opening.MOVES.get(key)) is not None:
            failure = opened(self._opening, reply)
        else:
            self._talk.want = "close"
        if failure is not None:
            self._close(failure)

    def _close(self, failure: Failure) -> None:
        if self._talk.want == "close":
            return
        self._exchange.fail(failure)
        self.failure = failure
        self._talk.want = "close"


_KNOWN = {*Opening.MOVES, *Exchange.MOVES, ("quit", 2), ("quit", 4), ("quit", 5)}
