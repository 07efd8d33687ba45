"""Who is at the other end of a session, and what a session asks of the gate."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

import msgspec

from estafette.model.address import Address
from estafette.model.credential import Identity
from estafette.model.envelope import Envelope, Recipient
from estafette.model.message import Submission
from estafette.relay.submission.labels import Labels
from estafette.smtp.events import MailFrom

_TRIES = 5


class ClientInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The client of one transaction, for the Received field and the log.

    address: IP address without zone. helo: as given, at most 255 characters, no control characters.
    tls: "" without TLS, else protocol and cipher such as ``TLSv1.3 TLS_AES_256_GCM_SHA384``.
    protocol: "with" value of RFC 3848 and RFC 6531, such as ``ESMTPSA``. hostname: the listener's own name.
    message: the id minted for the message that is being accepted. clean: no bare CR or LF, because whoever
    read or wrote the message saw to that already.
    """

    address: str
    port: int = 0
    helo: str = ""
    tls: str = ""
    protocol: str = "ESMTP"
    hostname: str = ""
    message: int = 0
    clean: bool = False


class GateLike(Protocol):
    """The one place that says yes; every no is a ``Refusal``."""

    def authenticate(self, username: str, password: bytes, client: str) -> Identity:
        """Return who logs in from the IP address ``client``; the same 535 5.7.8 for every failure."""
        ...

    def by_network(self, client: str) -> Identity | None:
        """Return the credential that an IP address itself is."""
        ...

    def check_sender(self, identity: Identity, sender: Address | None) -> None:
        """Refuse an envelope sender that the credential may not use; None is the null sender."""
        ...

    def check_recipient(self, identity: Identity, recipient: Address, before: int = 0, topic: str = "") -> None:
        """Refuse a recipient: suppressed, over quota, a relaying trick, or one too many after so many before it.

        topic: of the message, where it is known already.
        """
        ...

    def on_stream(self, identity: Identity, name: str) -> Identity:
        """Return the identity on another stream of its tenant; never one served before its own."""
        ...

    def lacking(self, identity: Identity, recipients: int) -> Awaitable[None] | None:
        """Return what to wait for before ``finish`` may take so many recipients, None when nothing."""
        ...

    def finish(
        self,
        identity: Identity,
        envelope: Envelope,
        body: bytes,
        client: ClientInfo,
        said: Labels | None = None,
        *,
        trial: bool = False,
    ) -> Submission:
        """Check and repair a whole message; return what the spool is to keep.

        said: its labels, None = in its X-Estafette fields. trial: nothing is counted, because nothing will be kept.
        """
        ...

    def finish_streamed(
        self,
        identity: Identity,
        envelope: Envelope,
        head: bytes,
        file: str,
        size: int,
        eight_bit: bool,
        client: ClientInfo,
    ) -> tuple[bytes, Submission]:
        """Do the same for a body that goes to a file.

        head: the header section with its empty line. size: octets after it. eight_bit: of the whole message.
        Return the repaired head, to be written before the rest, and the submission, whose size counts that head.
        """
        ...


async def settled(gate: GateLike, identity: Identity, recipients: int) -> None:
    """Wait until the gate knows about so many recipients; others take some meanwhile, so it is asked again."""
    for _ in range(_TRIES):
        waiting = gate.lacking(identity, recipients)
        if waiting is None:
            return
        await waiting


class MxTransaction(Protocol):
    """One transaction at an ``mx`` listener, from its first RCPT."""

    def check_recipient(self, recipient: Address, asked: Recipient) -> Awaitable[None] | None:
        """Refuse a recipient that is not ours; an awaitable when another server is to be asked first.

        asked: as it will stand in the envelope.
        """
        ...

    def finish(self, envelope: Envelope, body: bytes, client: ClientInfo) -> Awaitable[None]:
        """Keep the message durably, or hand it over; Refusal or StoreFault when that cannot be."""
        ...

    def abandon(self) -> None:
        """End it, with or without a message."""
        ...


class ReturnPathGate(Protocol):
    """The gate of an ``mx`` listener: takes only what comes back to us, or in by a route."""

    def transaction(self, mail: MailFrom, client: ClientInfo) -> MxTransaction:
        """Begin a transaction; ``client`` has no message id yet."""
        ...
