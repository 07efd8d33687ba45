"""SMTP and LMTP client without I/O for handing a message over while its sender waits: each command has its answer.

The owner feeds ``receive``, writes what ``take`` returns, and looks at ``want``: ``tls`` asks for a handshake followed
by ``secured``, ``close`` ends it. LMTP is RFC 2033: LHLO, and after the final dot a reply for each recipient.
"""

from __future__ import annotations

from estafette.model.event import Reply
from estafette.smtp.answer import Failure, State, TlsUse, Want, phase_of
from estafette.smtp.conversation import Conversation
from estafette.smtp.offer import Offer
from estafette.smtp.opening import Opening
from estafette.smtp.reply import ProtocolFault
from estafette.smtp.transaction import stuffed

#: First digits that may answer what was asked.
_ANSWERS: dict[State, tuple[int, ...]] = {"data": (3, 4, 5)}
_USUAL = (2, 4, 5)


class Handover:
    """One session. ``replies``: the answers to what was asked last. ``failure``: why it is over.

    helo: our name. tls: whether STARTTLS is used. now, wherever asked for: monotonic seconds.
    """

    def __init__(self, *, helo: str, lmtp: bool, tls: TlsUse = "opportunistic") -> None:
        self._talk = Conversation(0.0)
        self._opening = Opening(self._talk, helo, tls, None, secure=False, verb="LHLO" if lmtp else "EHLO")
        self.lmtp = lmtp
        self.take = self._talk.take
        self.replies: list[Reply] = []
        self.failure: Failure | None = None

    @property
    def want(self) -> Want:
        """What the owner is to do."""
        return self._talk.want

    @property
    def offer(self) -> Offer:
        """What the peer's EHLO or LHLO offered."""
        return self._opening.offer

    @property
    def secure(self) -> bool:
        """True under TLS."""
        return self._opening.secure

    @property
    def settled(self) -> bool:
        """True when nothing is awaited of the peer: it has answered, wants a handshake, or is gone."""
        return bool(self._talk.want) or not self._talk.awaited

    def ask(self, state: State, line: str) -> None:
        """Say one command line; ``replies`` then has its answer."""
        self.replies = []
        self._talk.say(state, line)

    def hand(self, body: bytes, recipients: int) -> None:
        """Say a body with CRLF lines after 354; one reply comes, or in LMTP one for each recipient."""
        self.replies = []
        self._talk.put("dot", stuffed(body))
        if self.lmtp:
            self._talk.awaited.extend(["dot"] * (recipients - 1))

    def receive(self, data: bytes, now: float) -> None:
        """Take octets from the peer; whoever breaks the protocol ends up in ``failure``, never in an exception."""
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

    def end(self, reason: str) -> None:
        """The session is over: lost, timed out, broken."""
        awaited = self._talk.awaited
        self._close(Failure(phase_of(awaited[0] if awaited else ""), None, reason))

    def _heard(self, reply: Reply, now: float) -> None:
        awaited = self._talk.awaited
        if not awaited:
            raise ProtocolFault("unasked_reply", f"{reply.code} in answer to nothing")
        state = awaited[0]
        if not self._opening.ready:
            self._opened(state, reply, now)
            return
        if reply.code // 100 not in _ANSWERS.get(state, _USUAL):
            raise ProtocolFault("unexpected_reply", f"{reply.code} in answer to {state}")
        awaited.popleft()
        self.replies.append(reply)
        if reply.code == 421:
            self._close(Failure(phase_of(state), reply, "peer_closing"))

    def _opened(self, state: State, reply: Reply, now: float) -> None:
        move = Opening.MOVES.get((state, reply.code // 100))
        if move is None:
            raise ProtocolFault("unexpected_reply", f"{reply.code} in answer to {state}")
        self._talk.awaited.popleft()
        self._talk.step(state, str(reply.code), now)
        failure = move(self._opening, reply)
        if failure is not None:
            self._close(failure)

    def _close(self, failure: Failure) -> None:
        if self._talk.want != "close":
            self.failure = failure
            self._talk.want = "close"
