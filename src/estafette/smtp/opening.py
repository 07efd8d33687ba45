"""The opening of a client session: greeting, EHLO or HELO, STARTTLS, AUTH."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from estafette.model.event import Reply
from estafette.smtp.answer import Failure, State, TlsUse, phase_of
from estafette.smtp.conversation import Conversation
from estafette.smtp.login import Login
from estafette.smtp.offer import Offer, read_offer
from estafette.smtp.reply import ProtocolFault, ReplyReader


class Opening:
    """From the connection to ``ready``. A move returns why the session cannot be used, or None.

    helo: our name. tls: whether STARTTLS is used. login: SASL credentials of a smarthost. secure: TLS is up.
    verb: EHLO, or LHLO of LMTP (RFC 2033 section 4.1), which has no elder form.
    """

    def __init__(
        self, talk: Conversation, helo: str, tls: TlsUse, login: Login | None, *, secure: bool, verb: str = "EHLO"
    ) -> None:
        self._talk = talk
        self._helo = helo
        self._verb = verb
        self._tls = tls
        self._login = login
        self._challenges: list[str] = []
        self.secure = secure
        self.reader = ReplyReader()
        self.offer = Offer()
        self.ready = False

    def secured(self, now: float) -> None:
        """Forget what was learnt before the handshake (RFC 3207 section 4.2) and greet again."""
        self.secure = True
        self.offer = Offer()
        self.reader = ReplyReader()
        self._talk.awaited.clear()
        self._talk.step("starttls", "handshake", now)
        self._ehlo()

    def _ehlo(self) -> None:
        self._talk.say("ehlo", f"{self._verb} {self._helo}")

    def _refused(self, reply: Reply) -> Failure:
        phase = phase_of(self._talk.steps[-1].verb)
        return Failure(phase, reply, f"{phase}_refused")

    def _greeted(self, _reply: Reply) -> None:
        self._ehlo()

    def _extended(self, _reply: Reply) -> Failure | None:
        self.offer = read_offer(self.reader.lines)
        if self.secure or self._tls == "off":
            return self._identify()
        if self.offer.starttls:
            self._talk.say("starttls", "STARTTLS")
            return None
        if self._tls == "required":
            return Failure("starttls", None, "tls_not_offered")
        return self._identify()

    def _plain_old(self, reply: Reply) -> Failure | None:
        """No EHLO: RFC 5321 section 3.2 falls back to HELO, which can carry neither TLS nor a login."""
        if self._login is not None or (self._tls == "required" and not self.secure) or self._verb != "EHLO":
            return self._refused(reply)
        self._talk.say("helo", f"HELO {self._helo}")
        return None

    def _basic(self, _reply: Reply) -> None:
        self.ready = True

    def _handshake(self, reply: Reply) -> None:
        if reply.code != 220:
            raise ProtocolFault("unexpected_reply", f"{reply.code} in answer to STARTTLS")
        self._talk.awaited.append("handshake")
        self._talk.want = "tls"

    def _no_tls(self, reply: Reply) -> Failure | None:
        return self._refused(reply) if self._tls == "required" else self._identify()

    def _identify(self) -> Failure | None:
        if self._login is None:
            self.ready = True
            return None
        line, self._challenges = self._login.start(self.offer.auth)
        if not line:
            return Failure("auth", None, "no_common_mechanism")
        self._talk.say("auth", line)
        return None

    def _challenged(self, _reply: Reply) -> None:
        self._talk.say("auth", self._challenges.pop(0) if self._challenges else "*")

    MOVES: ClassVar[dict[tuple[State, int], Callable[[Opening, Reply], Failure | None]]] = {
        ("greeting", 2): _greeted,
        ("greeting", 4): _refused,
        ("greeting", 5): _refused,
        ("ehlo", 2): _extended,
        ("ehlo", 4): _refused,
        ("ehlo", 5): _plain_old,
        ("helo", 2): _basic,
        ("helo", 4): _refused,
        ("helo", 5): _refused,
        ("starttls", 2): _handshake,
        ("starttls", 4): _no_tls,
        ("starttls", 5): _no_tls,
        ("auth", 2): _basic,
        ("auth", 3): _challenged,
        ("auth", 4): _refused,
        ("auth", 5): _refused,
    }
