"""A webhook: an address of a tenant that is called with what happens to its mail, and the calls made to it."""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

from estafette.model.event import Event

#: In whose form bodies are written: Standard Webhooks, or that of a service which is being replaced.
Format = Literal["standard", "mailjet", "mailjet_single", "brevo", "turbosmtp"]
FORMATS: tuple[Format, ...] = get_args(Format)
#: The form of what the address of a route is called with: the event, and the mail that came in.
MAIL: Literal["mail"] = "mail"
AnyFormat = Format | Literal["mail"]
WebhookStatus = Literal["active", "disabled"]
CallState = Literal["pending", "done", "failed"]
#: What a test call is, beside the kinds of events.
PING = "ping"


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint. events, streams: which kinds and streams it hears of, empty = all.

    sealed: its secrets under the keyring. concurrency: calls that may be under way at once. reason: why it is disabled.
    failing: since when no call has succeeded, unix seconds, 0 = calls succeed. created: events before it are not told.
    """

    id: str
    tenant: str
    url: str
    name: str = ""
    format: AnyFormat = "standard"
    events: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    status: WebhookStatus = "active"
    reason: str = ""
    concurrency: int = 4
    sealed: bytes = b""
    failing: float = 0.0
    created: float = 0.0
    changed: float = 0.0
    version: int = 0

    def hears(self, event: Event) -> bool:
        """Return whether an event of its tenant is told to it; other services have no word for mail that comes in."""
        if event.kind == "inbound" and self.format != "standard":
            return False
        return (not self.events or event.kind in self.events) and (not self.streams or event.stream in self.streams)


class RoutedWebhook(Webhook, frozen=True, kw_only=True):
    """The address of a route with the way ``webhook``, under the route's id: nobody switches it off but its route."""

    format: AnyFormat = MAIL

    def hears(self, event: Event) -> bool:
        """Return whether an event is of mail that its route took for this address."""
        return event.kind == "inbound" and event.route == self.id and event.reason == "webhook"


class Try(msgspec.Struct, frozen=True):
    """One attempt of a call. at: unix seconds of its begin. status: of the answer, 0 when there was none.

    why: what went wrong, in words, empty for a success. reply: the beginning of the answer's body; hostile text.
    """

    at: float
    status: int = 0
    ms: int = 0
    why: str = ""
    reply: str = ""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One event told to one webhook. id: stable over every attempt, also after a crash and in a replay.

    place: position of the event in the log, which is the order of the calls of one ``message``. due: unix seconds of
    the next attempt; None while it waits for an earlier call of its message, or has ended. body: what is sent.
    tries: ``Try`` each, as JSON, the last ones. tried: how many there were. ended: unix seconds, 0 = not yet.
    """

    webhook: str
    id: str
    place: int
    message: int
    kind: str
    body: bytes
    state: CallState = "pending"
    due: float | None = None
    created: float = 0.0
    ended: float = 0.0
    tried: int = 0
    tries: tuple[dict[str, Any], ...] = ()

    @property
    def attempts(self) -> tuple[Try, ...]:
        """Return its attempts, oldest first."""
        return msgspec.convert(self.tries, tuple[Try, ...])

    @property
    def chain(self) -> tuple[str, int]:
        """Return what it leaves in order with: the webhook, and the message."""
        return (self.webhook, self.message)


class LogReader(msgspec.Struct, frozen=True, kw_only=True):
    """Where reading the event log for webhooks stands. id "": the one for all of them.

    The others belong to one ``webhook``, which fell behind or wants events again: they end at the position ``stop``
    (0 = where the one for all is by then), and tell only of events with ``since <= at < until`` (0 = no such bound).
    """

    id: str = ""
    webhook: str = ""
    cursor: int = 0
    stop: int = 0
    since: float = 0.0
    until: float = 0.0
