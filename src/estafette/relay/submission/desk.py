"""What the sessions of a listener share: settings, gate, spool, and the counts of what goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Literal, Protocol

import msgspec

from estafette.base.clock import Clock
from estafette.base.ids import Mint
from estafette.model.message import Submission
from estafette.relay.submission.client import GateLike, ReturnPathGate
from estafette.relay.submission.limits import Usage
from estafette.relay.submission.lockout import Lockout
from estafette.relay.submission.login_notes import LoginNotes
from estafette.relay.submission.mail_templates import MailTemplates
from estafette.relay.submission.reach import Reach
from estafette.relay.submission.rejections import Rejections
from estafette.relay.submission.repetition import Repetition
from estafette.smtp.server import ServerConfig
from estafette.store.interface.spool import ContentWriter, Health


class SpoolLike(Protocol):
    """What a session needs of the spool."""

    def accept(self, submission: Submission) -> Awaitable[None]:
        """Make a submission durable."""
        ...

    def accept_many(self, submissions: Sequence[Submission]) -> Awaitable[None]:
        """Make submissions durable together, all of them or none."""
        ...

    async def content_writer(self, message: int) -> ContentWriter:
        """Open a streamed body."""
        ...

    def health(self) -> Health:
        """Whether the store can take more."""
        ...


class Desk(msgspec.Struct, kw_only=True):
    """What the sessions of a listener share. kind ``mx`` uses ``returns``, ``submission`` uses ``gate``.

    notes: what is remembered of log-ins, for their explanation. folder: where large bodies are set down while they
    come. large: how many of them are copied and synced at once, so that their buffers stay few. repetition: keys of
    idempotency, None where nobody gives any. templates: writes messages that name one, None = they are refused.
    reach: whom campaigns have reached. rejections: what the log is told of suppressed recipients.
    """

    config: ServerConfig
    kind: Literal["submission", "mx"]
    spool: SpoolLike
    mint: Mint
    clock: Clock
    usage: Usage
    lockout: Lockout
    notes: LoginNotes
    gate: GateLike | None = None
    returns: ReturnPathGate | None = None
    folder: str | None = None
    repetition: Repetition | None = None
    templates: MailTemplates | None = None
    reach: Reach | None = None
    rejections: Rejections | None = None
    large: asyncio.Semaphore = msgspec.field(default_factory=lambda: asyncio.Semaphore(4))
