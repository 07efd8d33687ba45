"""AUTH as a dialogue: challenge, response, and what is wrong with either (RFC 4954)."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from estafette.smtp import replies, sasl
from estafette.smtp.dialogue import AGAIN, Dialogue, Step
from estafette.smtp.events import Auth
from estafette.smtp.server_config import ServerConfig


class Authentication(Dialogue):
    """PLAIN and LOGIN. ``authenticated``: MAIL is allowed; ``auth_done``: by a log-in on this connection."""

    def __init__(self, config: ServerConfig, *, secure: bool) -> None:
        super().__init__(config)
        self.secure = secure
        self.authenticated = not config.auth
        self.auth_done = False
        self._username = ""

    @property
    def _auth_allowed(self) -> bool:
        return self.config.auth and (self.secure or self.config.plaintext_auth)

    def _auth_ok(self, _text: str) -> None:
        self.authenticated = self.auth_done = True
        self._junk = 0
        self._output += replies.AUTHENTICATED

    def _auth(self, argument: bytes) -> Step:
        if not self.config.auth:
            return self._error(replies.NOT_DONE)
        if self.auth_done:
            return self._error(replies.BAD_SEQUENCE)
        mechanism, _, initial = argument.partition(b" ")
        if not self._auth_allowed:
            return self._exposed(mechanism, initial)
        first = self._mechanisms.get(mechanism.upper())
        if first is None:
            return self._error(replies.BAD_MECHANISM)
        if self._pushed():
            return self._close(replies.PIPELINED, "pipelined after AUTH")
        challenge, handler = first
        if initial:
            return self._respond(b"" if initial == b"=" else initial, handler)
        return self._challenge(challenge, handler)

    def _exposed(self, mechanism: bytes, initial: bytes) -> Step:
        """Ask for the refusal of a log-in without TLS: its owner is told, so the user name is read where it stands."""
        try:
            username = sasl.plain(sasl.decode(initial))[0] if mechanism.upper() == b"PLAIN" else ""
        except ValueError:
            username = ""
        return self._ask(Auth("PLAIN", username, b"", exposed=True))

    def _challenge(self, challenge: bytes, handler: _Answer) -> Step:
        self._output += challenge
        self._step = lambda: self._response(handler)
        return AGAIN

    def _response(self, handler: _Answer) -> Step:
        line = self._line(sasl.LINE_LIMIT)
        if not isinstance(line, bytes):
            if line is not None and self._step != self._overlong and not self.closed:
                self._step = self._command
            return line
        if self._pushed():
            return self._close(replies.PIPELINED, "pipelined after AUTH")
        if line == b"*":
            self._step = self._command
            return self._error(replies.CANCELLED)
        return self._respond(line, handler)

    def _respond(self, line: bytes, handler: _Answer) -> Step:
        self._step = self._command
        try:
            return handler(self, sasl.decode(line))
        except ValueError:
            return self._error(replies.BAD_BASE64)

    def _plain(self, blob: bytes) -> Step:
        username, password = sasl.plain(blob)
        return self._ask(Auth("PLAIN", username, password))

    def _login_username(self, blob: bytes) -> Step:
        self._username = sasl.name(blob)
        return self._challenge(sasl.ASK_PASSWORD, Authentication._login_password)

    def _login_password(self, blob: bytes) -> Step:
        return self._ask(Auth("LOGIN", self._username, blob))

    _mechanisms = MappingProxyType({b"PLAIN": (sasl.ASK_PLAIN, _plain), b"LOGIN": (sasl.ASK_USERNAME, _login_username)})


_Answer = Callable[[Authentication, bytes], Step]
