"""The server's side of SMTP without sockets: octets in, events out, replies out.

The driver feeds ``receive``, takes events from ``next_event`` until it is None, answers each event that asks with
``accept`` or ``refuse``, and sends ``take_output`` in one write. Anything that breaks the protocol is answered here.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from estafette.base.errors import Refusal
from estafette.smtp import grammar, replies
from estafette.smtp.authentication import Authentication
from estafette.smtp.dialogue import AGAIN, JUNK_LIMIT, Step
from estafette.smtp.events import Auth, DataStart, Greeted, MailFrom, MessageEnd, RcptTo, Reset, StartTls
from estafette.smtp.message_text import MessageText
from estafette.smtp.phases import MOVES, Phase, why_not
from estafette.smtp.server_config import ServerConfig

__all__ = ["ServerConfig", "ServerConnection"]

_FOREIGN = re.compile(rb"(?:GET|POST|PUT|HEAD|OPTIONS|CONNECT|DELETE|PATCH|TRACE|PRI) |[!-9;-~]+:|\x16\x03")
_ANY_OCTET = frozenset({b"MAIL", b"RCPT"})
_NO_ARGUMENT = frozenset({b"RSET", b"QUIT", b"DATA", b"STARTTLS"})


class ServerConnection(Authentication, MessageText):
    """One session. ``helo``, ``extended``, ``secure`` and ``authenticated`` say what is known of the client."""

    def __init__(self, config: ServerConfig, *, secure: bool = False) -> None:
        super().__init__(config, secure=secure)
        self.helo = ""
        self.extended = False
        self._reset()

    def _reset(self) -> None:
        self._clear()
        self._smtputf8 = False
        self._recipients = 0
        self._refused_recipients = 0

    # What the driver calls.

    @property
    def in_transaction(self) -> bool:
        """True from MAIL to the end of the message."""
        return self._phase not in (Phase.START, Phase.READY) or self.in_message

    @property
    def concluding(self) -> bool:
        """True while the answer to a whole message is owed."""
        return isinstance(self._asked, MessageEnd)

    def accept(self, text: str = "") -> None:
        """Say yes to the event that asks; ``text`` follows ``250 2.0.0`` after a message."""
        asked, self._asked = self._asked, None
        if asked is not None:
            self._accepted[type(asked)](self, text)

    def refuse(self, refusal: Refusal) -> None:
        """Say no to the event that asks; a 421 also closes."""
        asked, self._asked = self._asked, None
        if refusal.code == 421:
            self._close(replies.of(refusal), refusal.rule)
        elif isinstance(asked, DataStart) and self._phase is Phase.CHUNKS:
            self._failed = replies.of(refusal)
        else:
            if isinstance(asked, RcptTo):
                self._refused_recipients += 1
            if isinstance(asked, MessageEnd | DataStart):
                self._end_transaction()
            if isinstance(asked, MailFrom) or (isinstance(asked, Auth) and asked.exposed):
                self._error(replies.of(refusal))
            else:
                self._output += replies.of(refusal)

    def tls_started(self) -> None:
        """Forget everything said before the handshake (RFC 3207 section 4.2)."""
        self.secure, self.helo, self.extended = True, "", False
        self.authenticated, self.auth_done = not self.config.auth, False
        self._errors = self._junk = 0
        self._phase = Phase.START
        self._reset()
        self._step = self._command

    # Answers to events that ask.

    def _mail_ok(self, _text: str) -> None:
        self._phase = Phase.MAIL
        self._output += replies.SENDER_OK

    def _rcpt_ok(self, _text: str) -> None:
        self._phase = Phase.RCPT
        self._recipients += 1
        self._output += replies.RECIPIENT_OK

    def _data_ok(self, _text: str) -> None:
        if self._phase is not Phase.CHUNKS:
            self._output += replies.GO_AHEAD
            self._step = self._data

    def _message_ok(self, text: str) -> None:
        self._end_transaction()
        self._junk = 0
        self._output += f"250 2.0.0 {text}\r\n".encode("ascii")

    # Commands.

    def _command(self) -> Step:
        if self._at == len(self._input):
            return None
        line = self._line()
        if not isinstance(line, bytes):
            return line
        verb, _, argument = line.partition(b" ")
        verb = verb.upper()
        handler = self._handlers.get(verb)
        if handler is None:
            return self._unknown(line)
        if (self._phase, verb) not in MOVES:
            return self._error(why_not(self._phase, verb))
        if b"\0" in line or (not line.isascii() and verb not in _ANY_OCTET):
            return self._error(replies.BAD_OCTET)
        if verb in _NO_ARGUMENT and argument.strip():
            return self._error(replies.NO_ARGUMENT)
        try:
            return handler(self, argument)
        except Refusal as refusal:
            return self._error(replies.of(refusal))

    def _unknown(self, line: bytes) -> Step:
        if _FOREIGN.match(line):
            return self._close(replies.NOT_SMTP, "another protocol")
        if b"\0" in line or not line.isascii():
            return self._error(replies.BAD_OCTET)
        return self._error(replies.UNKNOWN)

    def _hello(self, argument: bytes, *, extended: bool) -> Step:
        name = grammar.hello_name(argument)
        if self._pushed():
            return self._close(replies.PIPELINED, "pipelined after EHLO")
        self.helo, self.extended = name, extended
        self._phase = Phase.READY
        self._reset()
        self._junk += 1
        if self._junk > JUNK_LIMIT:
            return self._close(replies.TOO_MANY_COMMANDS, "too many commands")
        offers = [f"{self.config.hostname} at your service", *self._offers()] if extended else [self.config.hostname]
        self._output += replies.lines(250, offers)
        return Greeted(name, extended)

    def _offers(self) -> list[str]:
        offers = ["PIPELINING", f"SIZE {self.config.max_size}", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN"]
        if self.config.tls and not self.secure:
            offers.append("STARTTLS")
        if self._auth_allowed and not self.auth_done:
            offers.append("AUTH PLAIN LOGIN")
        return [*offers, "ENHANCEDSTATUSCODES"]

    def _ehlo(self, argument: bytes) -> Step:
        return self._hello(argument, extended=True)

    def _helo(self, argument: bytes) -> Step:
        return self._hello(argument, extended=False)

    def _noop(self, _argument: bytes) -> Step:
        return self._idle(replies.OK)

    def _help(self, _argument: bytes) -> Step:
        return self._idle(replies.HELP)

    def _vrfy(self, _argument: bytes) -> Step:
        return self._idle(replies.VRFY)

    def _expn(self, _argument: bytes) -> Step:
        return self._error(replies.NOT_DONE)

    def _quit(self, _argument: bytes) -> Step:
        return self._close(replies.BYE, "quit")

    def _rset(self, _argument: bytes) -> Step:
        self._phase = MOVES[self._phase, b"RSET"]
        self._reset()
        self._idle(replies.OK)
        return AGAIN if self.closed else Reset()

    def _starttls(self, _argument: bytes) -> Step:
        if not self.config.tls or self.secure:
            return self._error(replies.NOT_DONE)
        if self._pushed():
            return self._close(replies.PIPELINED, "pipelined after STARTTLS")
        self._output += replies.READY_FOR_TLS
        self._step = self._handshake
        return StartTls()

    def _handshake(self) -> Step:
        """Whatever comes in clear after STARTTLS was injected."""
        return self._close(b"", "injected before TLS") if self._pushed() else None

    def _mail(self, argument: bytes) -> Step:
        if not self.authenticated:
            need_tls = self.config.tls and not self.secure and not self.config.plaintext_auth
            return self._error(replies.NEED_TLS if need_tls else replies.NEED_AUTH)
        event = grammar.mail(argument, extended=self.extended)
        if event.size > self.config.max_size:
            return self._error(replies.TOO_BIG)
        self._smtputf8 = event.smtputf8
        return self._ask(event)

    def _rcpt(self, argument: bytes) -> Step:
        if self._recipients + self._refused_recipients >= self.config.max_recipients:
            self._refused_recipients += 1
            if self._recipients + self._refused_recipients > 2 * self.config.max_recipients:
                return self._close(replies.OVERSHOOT, "far too many recipients")
            self._output += replies.MANY_RECIPIENTS
            return AGAIN
        hostname = self.config.hostname
        return self._ask(grammar.rcpt(argument, extended=self.extended, smtputf8=self._smtputf8, hostname=hostname))

    _handlers = MappingProxyType(
        {
            b"EHLO": _ehlo,
            b"HELO": _helo,
            b"MAIL": _mail,
            b"RCPT": _rcpt,
            b"DATA": MessageText._data_command,  # noqa: SLF001 - of its own base
            b"BDAT": MessageText._bdat_command,  # noqa: SLF001 - of its own base
            b"RSET": _rset,
            b"NOOP": _noop,
            b"QUIT": _quit,
            b"VRFY": _vrfy,
            b"EXPN": _expn,
            b"HELP": _help,
            b"STARTTLS": _starttls,
            b"AUTH": Authentication._auth,  # noqa: SLF001 - of its own base
        }
    )
    _accepted = MappingProxyType(
        {
            Auth: Authentication._auth_ok,  # noqa: SLF001 - of its own base
            MailFrom: _mail_ok,
            RcptTo: _rcpt_ok,
            DataStart: _data_ok,
            MessageEnd: _message_ok,
        }
    )
