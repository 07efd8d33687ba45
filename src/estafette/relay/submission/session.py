"""One SMTP session: what the client says, the gate's verdict, the spool's commit, the reply."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from estafette.base import crash
from estafette.base.errors import EstafetteError, Fault, Refusal
from estafette.base.ids import show
from estafette.base.log import get
from estafette.model.credential import Identity
from estafette.model.envelope import Envelope, Recipient
from estafette.net.listener import SessionMaker, Where
from estafette.relay.submission.acceptance import Acceptance
from estafette.relay.submission.client import ClientInfo, MxTransaction
from estafette.relay.submission.desk import Desk
from estafette.relay.submission.incoming import Incoming
from estafette.relay.submission.lockout import TRIES_PER_CONNECTION
from estafette.smtp.events import (
    Auth,
    DataChunk,
    DataStart,
    Event,
    Greeted,
    MailFrom,
    MessageEnd,
    RcptTo,
    Reset,
)
from estafette.smtp.server import ServerConnection
from estafette.store.interface.spool import INLINE_LIMIT

__all__ = ["Desk", "Session", "session_maker"]

_log = get("relay.submission")
_UNKNOWN = Identity(tenant="", credential="", username="", stream="", kind="transactional")
_STORE_DOWN = Refusal(451, "4.3.0", "the message could not be stored, try again later", rule="store_unavailable")


class Session:
    """Answers the events of one connection. ``wake`` is called after an answer given later."""

    def __init__(self, desk: Desk, address: str, port: int, *, secure: bool, wake: Callable[[], None]) -> None:
        self.connection = ServerConnection(desk.config, secure=secure)
        self._desk = desk
        self._address, self._port = address, port
        self._wake = wake
        self._tls = ""
        self._failures = 0
        self._lost = False
        self._network: Identity | None = desk.gate.by_network(address) if desk.gate is not None else None
        self._identity = self._network or _UNKNOWN
        self._allow()
        self._counted: str | None = None
        self._later: asyncio.Future[None] | None = None
        self._asking: asyncio.Future[None] | None = None
        self._visit: MxTransaction | None = None
        self._message = 0
        self._acceptance: Acceptance | None = None
        self._useful = False
        self.busy = False
        self._reset()

    def _allow(self) -> None:
        if self._network is not None:
            self.connection.authenticated = True

    def _reset(self) -> None:
        self._mail = MailFrom(None)
        self._recipients: list[Recipient] = []
        self._body = Incoming(self._desk.folder, INLINE_LIMIT if self._desk.kind != "mx" else None)
        if self._counted is not None:
            self._desk.usage.end(self._counted)
            self._counted = None
        self._part()

    def _part(self) -> None:
        """Let the mx gate end its transaction."""
        if self._visit is not None:
            self._visit.abandon()
            self._visit = None

    def on_event(self, event: Event) -> None:
        """Take one event; a Refusal becomes its reply, anything unexpected 451 with a log line."""
        try:
            self._handlers[type(event)](self, event)
        except Exception as error:
            if isinstance(event, MessageEnd):
                self._give_up()
            self._refuse(self._broken(error))

    def _refuse(self, refusal: Refusal) -> None:
        _log.info("refused", client=self._address, code=refusal.code, rule=refusal.rule, cause=refusal.cause,
                  credential=self._identity.credential)  # fmt: skip
        self.connection.refuse(refusal)

    def _broken(self, error: BaseException) -> Refusal:
        """Turn a fault into 451: nothing is kept, the client tries again."""
        if isinstance(error, Refusal):
            return error
        cause = error.cause if isinstance(error, Fault) else repr(error)
        _log.error("accept_failed", client=self._address, cause=cause, expected=isinstance(error, EstafetteError))
        return _STORE_DOWN

    def secured(self, description: str) -> None:
        """The handshake ended: everything said before is void."""
        self._tls = description
        self._identity = self._network or _UNKNOWN
        self._allow()
        self._give_up()

    def lost(self) -> None:
        """The connection is gone; a commit that runs goes on and counts as accepted."""
        self._lost = True
        usage = self._desk.usage
        usage.disconnect(self._address)
        usage.waste(self._address, self.connection.wasted + (not self._useful), self._desk.clock.monotonic())
        if self._asking is not None:
            self._asking.cancel()
        if self._later is None:
            self._give_up()

    def _give_up(self) -> None:
        self._body.discard()
        self._reset()

    def _greeted(self, _event: Greeted) -> None:
        self._give_up()

    def _on_reset(self, _event: Reset) -> None:
        self._give_up()

    # Log-in.

    def _auth(self, event: Auth) -> None:
        desk, now = self._desk, self._desk.clock.monotonic()
        assert desk.gate is not None
        if event.exposed:
            desk.notes.plaintext(event.username, self._address)
            raise Refusal(538, "5.7.11", "authentication needs TLS", rule="plaintext_auth")
        try:
            desk.lockout.check(self._address, event.username, now)
            self._identity = desk.gate.authenticate(event.username, event.password, self._address)
        except Refusal as refusal:
            desk.notes.failed(event.username, event.password, self._address, refusal.rule)
            if refusal.temporary:
                raise
            self._failures += 1
            delay = desk.lockout.failed(self._address, event.username, now)
            if self._failures >= TRIES_PER_CONNECTION:
                refusal = Refusal(421, "4.7.0", "too many failed log-ins", rule="auth_failed")
            asyncio.get_running_loop().call_later(delay, self._answer_late, refusal)
            return
        desk.lockout.succeeded(self._address, event.username)
        desk.notes.used(self._identity.credential, self._address)
        self.connection.accept()

    def _answer_late(self, refusal: Refusal) -> None:
        if not self._lost and self.connection.waiting:
            self._refuse(refusal)
            self._wake()

    # Envelope.

    def _mail_from(self, event: MailFrom) -> None:
        if self._desk.gate is not None:
            self._desk.gate.check_sender(self._identity, event.sender)
        self._mail = event
        self._recipients = []
        self._part()  # the one before may have ended at DATA
        self.connection.accept()

    def _rcpt_to(self, event: RcptTo) -> None:
        if self._desk.kind == "mx":
            self._ask(event)
            return
        assert self._desk.gate is not None
        try:
            self._desk.gate.check_recipient(self._identity, event.address, len(self._recipients))
        except Refusal as refusal:
            self._rejected(event.address.text, refusal)
            raise
        self._recipients.append(event.recipient)
        self.connection.accept()

    def _ask(self, event: RcptTo) -> None:
        """Have the mx gate answer, who may have to ask another server first."""
        if self._visit is None:
            assert self._desk.returns is not None
            self._visit = self._desk.returns.transaction(self._mail, self._client(0))
        waiting = self._visit.check_recipient(event.address, event.recipient)
        if waiting is None:
            self._recipients.append(event.recipient)
            self.connection.accept()
            return
        self._asking = asyncio.ensure_future(waiting)
        self._asking.add_done_callback(partial(self._asked, event.recipient))

    def _asked(self, recipient: Recipient, future: asyncio.Future[None]) -> None:
        self._asking = None
        error = None if future.cancelled() else future.exception()
        if self._lost or not self.connection.waiting:
            return
        if error is None and not future.cancelled():
            self._recipients.append(recipient)
            self.connection.accept()
        else:
            self._refuse(self._broken(error or asyncio.CancelledError()))
        self._wake()

    def _rejected(self, recipient: str, refusal: Refusal | None) -> None:
        """Have the log told of a recipient who is suppressed."""
        if refusal is not None and self._desk.rejections is not None:
            self._desk.rejections.note(self._desk.mint, self._identity, recipient, refusal, self._address)

    def _all_rejected(self, refusal: Refusal | None) -> None:
        """Have the log told of everybody whose message was refused after its data."""
        for each in self._recipients:
            self._rejected(each.address, refusal)

    def _envelope(self) -> Envelope:
        mail = self._mail
        sender = mail.sender.text if mail.sender is not None else ""
        return Envelope(sender, tuple(self._recipients), mail.body, mail.smtputf8, mail.ret, mail.envid)

    def _client(self, message: int) -> ClientInfo:
        connection = self.connection
        name = "UTF8SMTP" if self._mail.smtputf8 else "ESMTP" if connection.extended else "SMTP"
        marks = ("S" if connection.secure else "") + ("A" if connection.auth_done else "")
        return ClientInfo(
            address=self._address,
            port=self._port,
            helo=connection.helo,
            tls=self._tls,
            protocol=name + marks if name != "SMTP" else name,
            hostname=self._desk.config.hostname,
            message=message,
            clean=True,
        )

    # Message.

    def _data_start(self, _event: DataStart) -> None:
        health = self._desk.spool.health()
        if not health.accepting:
            raise Refusal(452, "4.3.1", "insufficient system storage", rule="store_full", cause=health.why)
        self._desk.usage.begin(self._identity.credential)
        self._counted = self._identity.credential
        self.connection.accept()

    def _chunk(self, event: DataChunk) -> None:
        if self._body.feed(event.data):
            self.busy = True
            asyncio.ensure_future(self._body.flush()).add_done_callback(self._flushed)

    def _flushed(self, _future: asyncio.Future[None]) -> None:
        """A part of a large body is on disk: go on reading."""
        self.busy = False
        if not self._lost:
            self._wake()

    def _end(self, _event: MessageEnd) -> None:
        if self._body.trouble is not None:
            raise self._body.trouble
        message = self._desk.mint.next()
        streamed, body = self._body.streamed, self._body.take()
        client, envelope = self._client(message), self._envelope()
        if self._desk.kind == "mx":
            assert self._visit is not None
            self._wait(self._visit.finish(envelope, body, client), message)
            return
        assert self._desk.gate is not None
        taken = self._acceptance = Acceptance(self._desk, self._desk.gate, self._identity, envelope, client)
        try:
            self._wait(taken.take(body) if streamed is None else taken.take_large(streamed), message)
        except Refusal as refusal:  # at once: nothing was awaited
            self._all_rejected(refusal)
            raise

    def _wait(self, awaitable: Awaitable[None], message: int) -> None:
        self._message = message
        self._later = asyncio.ensure_future(awaitable)
        self._later.add_done_callback(self._done)

    def _done(self, future: asyncio.Future[None]) -> None:
        self._later = None
        taken, self._acceptance = self._acceptance, None
        self._body.discard()
        error = None if future.cancelled() else future.exception()
        refusal = _STORE_DOWN if future.cancelled() else self._broken(error) if error is not None else None
        self._all_rejected(refusal)
        self._reset()
        self._useful = self._useful or refusal is None
        if self._lost or not self.connection.waiting:
            return
        if refusal is None:
            crash.point("accept.before_reply")
            self.connection.accept(f"queued as {show(taken.message if taken is not None else self._message)}")
        else:
            self._refuse(refusal)
        self._wake()

    _handlers: ClassVar[dict[type, Callable[[Session, Any], None]]] = {
        Greeted: _greeted,
        Reset: _on_reset,
        Auth: _auth,
        MailFrom: _mail_from,
        RcptTo: _rcpt_to,
        DataStart: _data_start,
        DataChunk: _chunk,
        MessageEnd: _end,
    }


def session_maker(desks: Mapping[str, Desk]) -> SessionMaker:
    """Return what ``Listeners`` calls for a connection; ``desks`` has one desk for each kind of listener."""

    def make(where: Where, address: str, port: int, secure: bool, wake: Callable[[], None]) -> Session | None:
        desk = desks[where.kind]
        if desk.usage.tired_of(address, desk.clock.monotonic()) or not desk.usage.connect(address):
            return None
        try:
            return Session(desk, address, port, secure=secure, wake=wake)
        except BaseException:
            desk.usage.disconnect(address)
            raise

    return make
