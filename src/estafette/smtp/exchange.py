"""One transaction as the client sees it: what is still to be said, and what became of each recipient."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import ClassVar

from estafette.model.event import Reply
from estafette.smtp.answer import Answer, Failure, State
from estafette.smtp.conversation import Conversation
from estafette.smtp.offer import Offer
from estafette.smtp.transaction import Transaction, commands, stuffed


class Exchange:
    """From MAIL to the last reply, one transaction after another. A move returns why the session ends, or None.

    finished: every recipient of the last transaction has its answer.
    """

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._queue: deque[tuple[State, str]] = deque()
        self._transaction: Transaction | None = None
        self._accepted: list[int] = []
        self._asked = 0
        self._mail_refused = False
        self._dirty = False
        self.answers: list[Answer | None] = []
        self.finished = False

    def begin(self, transaction: Transaction, offer: Offer) -> None:
        """Say the envelope; ValueError when SMTP cannot say it. RSET comes first unless the last one ended in 250."""
        lines = commands(transaction, offer)
        count = len(transaction.recipients)
        self._transaction = transaction
        self.answers = [None] * count
        self._accepted = []
        self._asked = 0
        self._mail_refused = False
        self.finished = False
        states: list[State] = ["mail", *["rcpt"] * count, "data"]  # type: ignore[list-item]
        if self._dirty:
            lines.insert(0, "RSET")
            states.insert(0, "rset")
        self._dirty = True
        if offer.pipelining:
            self._talk.awaited.extend(states)
            self._talk.out.append(("\r\n".join(lines) + "\r\n").encode())
        else:
            self._queue.extend(zip(states, lines, strict=True))
            self._talk.say(*self._queue.popleft())

    def fail(self, failure: Failure) -> None:
        """The session is over: whoever has no answer yet gets this one."""
        if self._transaction is not None:
            answer = Answer(failure.phase, failure.reply, failure.reason)
            self.answers = [known or answer for known in self.answers]
            self._finish()
        self._queue.clear()

    def _next(self, _reply: Reply | None = None) -> None:
        if self._queue:
            self._talk.say(*self._queue.popleft())

    def _sender_refused(self, reply: Reply) -> None:
        self._mail_refused = True
        self.answers = [Answer("mail", reply)] * len(self.answers)
        if self._queue:
            self._queue.clear()
            self._finish()

    def _recipient_taken(self, _reply: Reply) -> None:
        if not self._mail_refused:
            self._accepted.append(self._asked)
        self._asked += 1
        self._next()

    def _recipient_refused(self, reply: Reply) -> None:
        if not self._mail_refused:
            self.answers[self._asked] = Answer("rcpt", reply, crowded=bool(self._accepted))
        self._asked += 1
        if len(self._queue) == 1 and not self._accepted:
            self._queue.clear()
            self._finish()
        else:
            self._next()

    def _data_taken(self, _reply: Reply) -> None:
        transaction = self._transaction
        assert transaction is not None
        if not self._accepted:
            # RFC 2920 section 3.1: the 354 came although nobody was accepted; an empty message closes the phase.
            self._talk.put("lone", b".\r\n")
        elif transaction.body is not None:
            self._talk.put("dot", stuffed(transaction.body))
        else:
            self._talk.awaited.append("body")
            self._talk.want = "body"

    def _data_refused(self, reply: Reply) -> None:
        self._settle(Answer("data", reply))
        self._finish()

    def _cut_short(self, reply: Reply) -> Failure:
        """The peer answered before the final dot: its word counts, but this session has lost its step."""
        self._settle(Answer("data", reply))
        return Failure("data", reply, "refused_during_data")

    def _taken(self, reply: Reply) -> None:
        self._dirty = False
        self._not_taken(reply)

    def _not_taken(self, reply: Reply) -> None:
        self._settle(Answer("dot", reply))
        self._finish()

    def _lone_dot(self, _reply: Reply) -> None:
        self._finish()

    def _settle(self, answer: Answer) -> None:
        for index in self._accepted:
            self.answers[index] = answer

    def _finish(self) -> None:
        self._transaction = None
        self.finished = True

    MOVES: ClassVar[dict[tuple[State, int], Callable[[Exchange, Reply], Failure | None]]] = {
        ("rset", 2): _next,
        ("mail", 2): _next,
        ("mail", 4): _sender_refused,
        ("mail", 5): _sender_refused,
        ("rcpt", 2): _recipient_taken,
        ("rcpt", 4): _recipient_refused,
        ("rcpt", 5): _recipient_refused,
        ("data", 3): _data_taken,
        ("data", 4): _data_refused,
        ("data", 5): _data_refused,
        ("body", 4): _cut_short,
        ("body", 5): _cut_short,
        ("dot", 2): _taken,
        ("dot", 4): _not_taken,
        ("dot", 5): _not_taken,
        ("lone", 2): _lone_dot,
        ("lone", 4): _lone_dot,
        ("lone", 5): _lone_dot,
    }
